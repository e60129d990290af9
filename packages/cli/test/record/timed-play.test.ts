// Replays in virtual time: when each message leaves, and how late.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordedMessage } from '../../src/record/recording-line.ts';
import { ReplaySchedule } from '../../src/record/replay-schedule.ts';
import { playInTime } from '../../src/record/timed-play.ts';

const message = { topicName: 'a', payload: '', options: {} };

interface Played {
  /** When each message left, in ms. */
  readonly leftMs: readonly number[];
  readonly sleeps: number;
  readonly schedule: ReplaySchedule;
}

interface World {
  readonly speed?: number;
  readonly fromUs?: number;
  /** What a timer takes more than it was told. */
  readonly oversleptMs?: number;
  /** How long the server takes for a group. */
  readonly takingMs?: number;
  readonly stopAfter?: number;
}

async function played(timesUs: readonly number[], world: World = {}): Promise<Played> {
  const {
    speed = 1,
    fromUs = 0,
    oversleptMs = 0,
    takingMs = 0,
    stopAfter = Number.POSITIVE_INFINITY,
  } = world;
  let nowMs = 1000;
  let sleeps = 0;
  const leftMs: number[] = [];
  const schedule = new ReplaySchedule(nowMs, fromUs, speed);
  const messages = timesUs.map((atUs): RecordedMessage => ({ atUs, message }));
  await playInTime(messages, {
    schedule,
    nowMs: () => nowMs,
    sleep: async (ms) => {
      sleeps += 1;
      nowMs += ms + oversleptMs;
    },
    publish: async (group) => {
      leftMs.push(...group.map(() => nowMs - 1000));
      nowMs += takingMs;
    },
    isStopped: () => leftMs.length >= stopAfter,
    onAt: () => {},
  });
  return { leftMs, sleeps, schedule };
}

describe('messages leave', () => {
  test('at their times, without adding up what a timer takes too long', async () => {
    const { leftMs, schedule } = await played([0, 10_000, 20_000, 1_000_000], { oversleptMs: 2 });
    expect(leftMs).toEqual([0, 12, 22, 1002]);
    expect(schedule.lateness).toEqual({ meanMs: 1.5, latestMs: 2 });
  });

  test('faster, slower, and from later on', async () => {
    expect((await played([0, 10_000, 20_000], { speed: 10 })).leftMs).toEqual([0, 1, 2]);
    expect((await played([0, 10_000], { speed: 0.5 })).leftMs).toEqual([0, 20]);
    expect((await played([60_000_000, 60_010_000], { fromUs: 60_000_000 })).leftMs).toEqual([0, 10]);
  });

  test('all at once at the greatest speed, where nothing is late', async () => {
    const { leftMs, sleeps, schedule } = await played([0, 9e9, 18e9], { speed: Number.POSITIVE_INFINITY });
    expect({ leftMs, sleeps }).toEqual({ leftMs: [0, 0, 0], sleeps: 0 });
    expect(schedule.lateness).toBeUndefined();
  });

  test('late, and are counted as late, if the server takes them slowly', async () => {
    const { leftMs, schedule } = await played([0, 1000, 2000], { takingMs: 100 });
    expect(leftMs).toEqual([0, 100, 100]);
    // The first is handed over when the server has taken it.
    expect(schedule.lateness!.latestMs).toBe(199);
  });

  test('no more when it was stopped', async () => {
    expect((await played([0, 10_000, 20_000], { stopAfter: 1 })).leftMs).toEqual([0]);
  });

  test('in order, never more than half a millisecond early, and on time with good timers', async () => {
    const times = fc.array(fc.nat({ max: 5_000_000 }), { maxLength: 200 });
    const speeds = fc.double({ min: 0.001, max: 1000, noNaN: true });
    await fc.assert(
      fc.asyncProperty(times, speeds, async (unsorted, speed) => {
        const timesUs = unsorted.sort((one, other) => one - other);
        const { leftMs } = await played(timesUs, { speed });
        expect(leftMs).toHaveLength(timesUs.length);
        for (const [at, ms] of leftMs.entries()) {
          const dueMs = timesUs[at]! / 1000 / speed;
          expect(ms).toBeGreaterThanOrEqual(dueMs - 0.5 - 1e-6);
          expect(ms).toBeLessThanOrEqual(dueMs + 0.5 + 1e-6);
        }
      }),
    );
  });
});
