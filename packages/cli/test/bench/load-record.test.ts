import { describe, expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/bench/latency-histogram.ts';
import type { LoadTick } from '../../src/bench/load-meter.ts';
import { LoadMeter, noCounts, TICK_MS } from '../../src/bench/load-meter.ts';
import { LoadRecord, SERIES_POINTS } from '../../src/bench/load-record.ts';

function tickOf(tick: number, changes: Partial<LoadTick> = {}): LoadTick {
  return {
    ...noCounts(),
    tick,
    deliveryUs: null,
    answerUs: null,
    busyUs: 0,
    passedUs: 0,
    lastUs: 0,
    ...changes,
  };
}

function latencies(...values: readonly number[]): LoadTick['deliveryUs'] {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram.take();
}

describe('The record of a phase', () => {
  test('sums what all threads told, and apart from that what was measured', () => {
    const record = new LoadRecord(1000, 2000);
    record.add(0, tickOf(3, { sent: 10, lastUs: 900_000 }));
    record.add(0, tickOf(4, { sent: 20, busyUs: 125_000, passedUs: 250_000 }));
    record.add(1, tickOf(7, { sent: 30, busyUs: 50_000, passedUs: 250_000, lastUs: 1_990_000 }));
    record.add(1, tickOf(8, { sent: 40 }));
    expect(record.totals.sent).toBe(100);
    expect(record.measured.sent).toBe(50);
    expect(record.busy).toBe(0.5);
    expect(record.lastMs).toBe(1990);
  });

  test('takes the latencies of a stretch together, whichever thread they came from and however late', () => {
    const record = new LoadRecord(0, 2000);
    record.add(0, tickOf(0, { delivered: 1, deliveryUs: latencies(100) }));
    record.add(0, tickOf(1, { delivered: 1, deliveryUs: latencies(300) }));
    record.add(1, tickOf(0, { delivered: 2, deliveryUs: latencies(200, 400) }));
    const [first, second] = record.series();
    expect(first!.delivery).toEqual({ p50Us: 200, p99Us: 400, maximumUs: 400 });
    expect(first!.counts.delivered).toBe(3);
    expect(second!.delivery!.p50Us).toBe(300);
    expect(record.delivery.count).toBe(4);
  });

  test('keeps no more points of a long run than of a short one', () => {
    const hour = new LoadRecord(0, 3_600_000);
    expect(hour.pointMs).toBe(3_600_000 / SERIES_POINTS);
    for (let tick = 0; tick < 3_600_000 / TICK_MS; tick++) hour.add(0, tickOf(tick, { sent: 1 }));
    const series = hour.series();
    expect(series).toHaveLength(SERIES_POINTS);
    expect(series.every(({ counts }) => counts.sent === hour.pointMs / TICK_MS)).toBe(true);
  });

  test('has an empty point where nothing was told', () => {
    const record = new LoadRecord(0, 1000);
    record.add(0, tickOf(0, { sent: 1 }));
    record.add(0, tickOf(2, { sent: 1 }));
    expect(record.series().map(({ counts }) => counts.sent)).toEqual([1, 0, 1]);
  });
});

describe('The meter of a thread', () => {
  test('puts each count into the tick in which it happened', () => {
    const ticks: LoadTick[] = [];
    const meter = new LoadMeter(
      (tick) => ticks.push(tick),
      () => ({ busyUs: 0, passedUs: 0 }),
    );
    meter.begin(0);
    meter.onSent(10_000);
    meter.onDelivered(249_999, 10_000, 64);
    meter.onAnswered(250_000, 10_000);
    meter.onSent(900_000);
    meter.flush(900_000);
    expect(ticks.map(({ tick, sent, delivered, answered }) => [tick, sent, delivered, answered])).toEqual([
      [0, 1, 1, 0],
      [1, 0, 0, 1],
      [3, 1, 0, 0],
    ]);
    expect(ticks.map(({ lastUs }) => lastUs)).toEqual([249_999, 250_000, 900_000]);
  });

  test('measures no message that was to be sent in the warm-up, and still counts it', () => {
    const ticks: LoadTick[] = [];
    const meter = new LoadMeter(
      (tick) => ticks.push(tick),
      () => ({ busyUs: 0, passedUs: 0 }),
    );
    meter.begin(100_000);
    meter.onDelivered(120_000, 99_999, 1);
    meter.onDelivered(130_000, 100_000, 1);
    meter.flush(130_000);
    expect(ticks[0]!.delivered).toBe(2);
    expect(ticks[0]!.deliveryUs).toMatchObject({ minimumUs: 30_000, maximumUs: 30_000 });
  });
});
