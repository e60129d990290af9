import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/bench/latency-histogram.ts';

/** Durations as they come: most are short, some very long. */
const durations = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 3000 }),
    fc.integer({ min: 0, max: 1_000_000 }),
    fc.integer({ min: 0, max: 0xffff_ffff }),
  ),
  { minLength: 1, maxLength: 300 },
);
const percentiles = fc.oneof(
  fc.constantFrom(0, 50, 90, 99, 99.9, 100),
  fc.double({ min: 0, max: 100, noNaN: true }),
);

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** By sorting all of them. */
function exactPercentile(values: readonly number[], percentile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percentile / 100) * sorted.length)) - 1]!;
}

describe('A latency histogram', () => {
  test('gives each percentile at most a thousandth above the exact one', () => {
    fc.assert(
      fc.property(durations, percentiles, (values, percentile) => {
        const exact = exactPercentile(values, percentile);
        const found = histogramOf(values).percentileUs(percentile);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact + exact / 1024);
      }),
    );
  });

  test('is exact below 2,048 microseconds, and in its count, minimum, maximum and mean', () => {
    const values = [2047, 0, 3, 1500, 3, 5_000_000];
    const histogram = histogramOf(values);
    expect(histogram.percentileUs(50)).toBe(3);
    expect(histogram.percentileUs(80)).toBe(2047);
    expect(histogram.count).toBe(6);
    expect(histogram.minimumUs).toBe(0);
    expect(histogram.maximumUs).toBe(5_000_000);
    expect(histogram.meanUs).toBe((2047 + 3 + 1500 + 3 + 5_000_000) / 6);
  });

  test('does not depend on whether values were recorded in one, merged, or handed over in parts', () => {
    fc.assert(
      fc.property(durations, durations, percentiles, (first, second, percentile) => {
        const together = histogramOf([...first, ...second]);
        const merged = histogramOf(first);
        merged.merge(histogramOf(second));
        const handedOver = new LatencyHistogram();
        const source = new LatencyHistogram();
        for (const values of [first, second]) {
          for (const value of values) source.record(value);
          handedOver.add(source.take()!);
        }
        for (const other of [merged, handedOver]) {
          expect(other.count).toBe(together.count);
          expect(other.percentileUs(percentile)).toBe(together.percentileUs(percentile));
          expect(other.minimumUs).toBe(together.minimumUs);
          expect(other.maximumUs).toBe(together.maximumUs);
          expect(other.meanUs).toBeCloseTo(together.meanUs, 6);
        }
      }),
    );
  });

  test('has nothing left when it was taken', () => {
    const histogram = histogramOf([17, 40_000]);
    expect(histogram.take()).not.toBeNull();
    expect(histogram.count).toBe(0);
    expect(histogram.take()).toBeNull();
    expect(histogram.percentileUs(99)).toBe(0);
    expect(histogram.curve()).toEqual([]);
  });

  test('takes what is below nothing for nothing, and what is above 71 minutes for that', () => {
    const histogram = histogramOf([-5, 1e12]);
    expect(histogram.minimumUs).toBe(0);
    expect(histogram.maximumUs).toBe(0xffff_ffff);
  });

  test('draws a curve that rises in both directions and ends with the maximum', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const curve = histogramOf(values).curve();
        expect(curve.at(-1)).toEqual({ percentile: 100, valueUs: Math.max(...values) });
        for (let i = 1; i < curve.length; i++) {
          expect(curve[i]!.percentile).toBeGreaterThan(curve[i - 1]!.percentile);
          expect(curve[i]!.valueUs).toBeGreaterThanOrEqual(curve[i - 1]!.valueUs);
        }
      }),
    );
  });
});
