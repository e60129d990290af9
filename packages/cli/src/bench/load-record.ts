/**
 * What all threads have told of one phase, put together: the sums, the latencies, and how they went over time. Of the time
 * line only so many points are kept, however long the run is.
 */
import { LatencyHistogram } from './latency-histogram.ts';
import type { BusyTime, LoadCounts, LoadTick } from './load-meter.ts';
import { noCounts, TICK_MS } from './load-meter.ts';

/** Points of the time line, at most. */
export const SERIES_POINTS = 240;

/** A stretch of the run. */
export interface RecordedPoint {
  readonly counts: LoadCounts;
  /** Null where nothing came. */
  readonly delivery: PointLatency | null;
  readonly answer: PointLatency | null;
  /** The busiest thread's share, from 0 to 1. */
  readonly busy: number;
}

export interface PointLatency {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maximumUs: number;
}

interface OpenPoint {
  readonly counts: LoadCounts;
  readonly delivery: LatencyHistogram;
  readonly answer: LatencyHistogram;
  busy: number;
}

export class LoadRecord {
  readonly totals: LoadCounts;
  /** Sums of the ticks from the first measured one to the last. */
  readonly measured: LoadCounts;
  readonly delivery: LatencyHistogram;
  readonly answer: LatencyHistogram;
  /** Of one point of the time line, in ms. */
  readonly pointMs: number;
  readonly #firstTick: number;
  readonly #lastTick: number;
  readonly #points: RecordedPoint[];
  readonly #open: Map<number, OpenPoint>;
  /** By thread: how busy it was in the measured ticks. */
  readonly #busy: Map<number, BusyTime>;
  #lastUs: number;

  /**
   * @param fromMs beginning of what is measured
   * @param toMs its end, or what it is thought to be: points are made for that
   */
  constructor(fromMs: number, toMs: number) {
    this.totals = noCounts();
    this.measured = noCounts();
    this.delivery = new LatencyHistogram();
    this.answer = new LatencyHistogram();
    this.#firstTick = Math.round(fromMs / TICK_MS);
    this.#lastTick = Math.max(this.#firstTick + 1, Math.ceil(toMs / TICK_MS)) - 1;
    this.pointMs = Math.max(1, Math.ceil((this.#lastTick + 1) / SERIES_POINTS)) * TICK_MS;
    this.#points = [];
    this.#open = new Map();
    this.#busy = new Map();
    this.#lastUs = 0;
  }

  /** When something last happened, in ms since the phase began. */
  get lastMs(): number {
    return this.#lastUs / 1000;
  }

  /** How busy the busiest thread was while it was measured, from 0 to 1. */
  get busy(): number {
    let most = 0;
    for (const time of this.#busy.values()) most = Math.max(most, shareOf(time));
    return most;
  }

  add(thread: number, tick: LoadTick): void {
    addCounts(this.totals, tick);
    this.#lastUs = Math.max(this.#lastUs, tick.lastUs);
    if (tick.deliveryUs !== null) this.delivery.add(tick.deliveryUs);
    if (tick.answerUs !== null) this.answer.add(tick.answerUs);
    if (tick.tick >= this.#firstTick && tick.tick <= this.#lastTick) {
      addCounts(this.measured, tick);
      const { busyUs, passedUs } = this.#busy.get(thread) ?? { busyUs: 0, passedUs: 0 };
      this.#busy.set(thread, { busyUs: busyUs + tick.busyUs, passedUs: passedUs + tick.passedUs });
    }
    this.#addToPoint(tick);
  }

  /** All points, from the beginning of the phase. */
  series(): readonly RecordedPoint[] {
    for (const index of [...this.#open.keys()]) this.#close(index);
    return Array.from(this.#points, (point) => point ?? EMPTY_POINT);
  }

  #addToPoint(tick: LoadTick): void {
    const index = Math.floor((tick.tick * TICK_MS) / this.pointMs);
    const closed = this.#points[index];
    if (closed !== undefined) {
      // A thread that was stuck tells late: its counts still belong here.
      addCounts(closed.counts, tick);
      return;
    }
    let point = this.#open.get(index);
    if (point === undefined) {
      point = {
        counts: noCounts(),
        delivery: new LatencyHistogram(),
        answer: new LatencyHistogram(),
        busy: 0,
      };
      this.#open.set(index, point);
      // Threads are at most a tick or two apart, unless one was stuck.
      for (const open of [...this.#open.keys()]) if (open < index - 8) this.#close(open);
    }
    addCounts(point.counts, tick);
    // A moment at the end of a phase says nothing.
    if (tick.passedUs > (TICK_MS * 1000) / 4) point.busy = Math.max(point.busy, shareOf(tick));
    if (tick.deliveryUs !== null) point.delivery.add(tick.deliveryUs);
    if (tick.answerUs !== null) point.answer.add(tick.answerUs);
  }

  #close(index: number): void {
    const point = this.#open.get(index)!;
    this.#open.delete(index);
    this.#points[index] = {
      counts: point.counts,
      delivery: latencyOf(point.delivery),
      answer: latencyOf(point.answer),
      busy: point.busy,
    };
  }
}

const EMPTY_POINT: Readonly<RecordedPoint> = {
  counts: noCounts(),
  delivery: null,
  answer: null,
  busy: 0,
};

function shareOf({ busyUs, passedUs }: BusyTime): number {
  return passedUs <= 0 ? 0 : busyUs / passedUs;
}

function latencyOf(histogram: LatencyHistogram): PointLatency | null {
  if (histogram.count === 0) return null;
  return {
    p50Us: histogram.percentileUs(50),
    p99Us: histogram.percentileUs(99),
    maximumUs: histogram.maximumUs,
  };
}

function addCounts(sum: LoadCounts, more: LoadCounts): void {
  for (const name of Object.keys(sum) as (keyof LoadCounts)[]) sum[name] += more[name];
}
