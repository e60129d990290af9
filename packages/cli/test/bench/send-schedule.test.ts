import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendSchedule } from '../../src/bench/send-schedule.ts';

const rates = fc.double({ min: 0.01, max: 5_000_000, noNaN: true });

describe('The schedule of an open loop', () => {
  test('has as many messages due as have an intended time that has come', () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 50 }),
        fc.nat(49),
        fc.integer({ min: 0, max: 10_000_000 }),
        (rate, publishers, index, nowUs) => {
          const publisher = index % publishers;
          const schedule = new SendSchedule(rate, publishers);
          const due = schedule.due(publisher, nowUs);
          if (due > 0) expect(schedule.intendedUs(publisher, due - 1)).toBeLessThanOrEqual(nowUs);
          expect(schedule.intendedUs(publisher, due)).toBeGreaterThan(nowUs);
        },
      ),
    );
  });

  test('gives all publishers together the rate, evenly and in turn', () => {
    const schedule = new SendSchedule(1000, 4);
    const times = [0, 1, 2].flatMap((sequence) =>
      [0, 1, 2, 3].map((publisher) => schedule.intendedUs(publisher, sequence)),
    );
    expect(times).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 11_000]);
  });

  test('does not move when nothing could be sent for a while: all of it is due at once', () => {
    const schedule = new SendSchedule(1000, 1);
    expect(schedule.due(0, 10_000)).toBe(11);
    expect(schedule.due(0, 2_000_000)).toBe(2001);
    expect(schedule.intendedUs(0, 1500)).toBe(1_500_000);
  });
});
