import { describe, expect, test, vi } from 'vitest';
import { seededRandom } from '../src/time/seeded-random.ts';
import { VirtualTime } from '../src/time/virtual-time.ts';

const NEW_YEAR = Date.UTC(2026, 0, 1);

describe('Virtual time', () => {
  test('stands still, and moves by what it is told, on both clocks', async () => {
    const time = new VirtualTime(NEW_YEAR);
    const startMs = time.nowMs;
    await time.settled();
    expect([time.nowMs, time.wallMs]).toEqual([startMs, NEW_YEAR]);
    await time.advance(1500);
    expect([time.nowMs - startMs, time.wallMs - NEW_YEAR]).toEqual([1500, 1500]);
  });

  test('does soon what is to be done soon, by itself, and never from inside the call', async () => {
    const time = new VirtualTime(NEW_YEAR);
    const seen: string[] = [];
    const done = new Promise<void>((resolve) => time.soon(resolve));
    time.soon(() => {
      seen.push('first');
      time.soon(() => seen.push('later'));
    });
    time.soon(() => seen.push('second'));
    expect(seen).toEqual([]);
    await done;
    await time.settled();
    expect(seen).toEqual(['first', 'second', 'later']);
  });

  test('calls timers in the order in which they are due, each at its moment, and those set first first', async () => {
    const time = new VirtualTime(0);
    const startMs = time.nowMs;
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name} at ${time.nowMs - startMs}`);
    time.setTimer(note('c'), 300);
    time.setTimer(note('a'), 100);
    time.setTimer(note('a2'), 100);
    time.setTimer(note('b'), 200);
    await time.advance(250);
    expect(seen).toEqual(['a at 100', 'a2 at 100', 'b at 200']);
    await time.advance(50);
    expect(seen.at(-1)).toBe('c at 300');
  });

  test('calls a timer that was set on the way, at its moment', async () => {
    const time = new VirtualTime(0);
    const startMs = time.nowMs;
    const seen: number[] = [];
    const tick = (): void => {
      seen.push(time.nowMs - startMs);
      time.setTimer(tick, 100);
    };
    time.setTimer(tick, 100);
    await time.advance(350);
    expect(seen).toEqual([100, 200, 300]);
  });

  test('calls no timer that was taken back, also by one that was due together with it', async () => {
    const time = new VirtualTime(0);
    const seen: string[] = [];
    time.setTimer(() => cancelSecond(), 10);
    const cancelSecond = time.setTimer(() => seen.push('second'), 10);
    const cancelThird = time.setTimer(() => seen.push('third'), 20);
    cancelThird();
    await time.advance(100);
    expect(seen).toEqual([]);
    expect(time.nextDueMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('lets promises of the application run between two moments', async () => {
    const time = new VirtualTime(0);
    const startMs = time.nowMs;
    const sleep = (ms: number) => new Promise<void>((resolve) => time.setTimer(resolve, ms));
    const seen: number[] = [];
    const application = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await sleep(10);
        for (let turn = 0; turn < 20; turn++) await Promise.resolve();
        seen.push(time.nowMs - startMs);
      }
    };
    const running = application();
    await time.advance(1000);
    expect(seen).toEqual([10, 20, 30, 40, 50]);
    await running;
  });

  test('waits for an application that waits for turns of the event loop', async () => {
    const time = new VirtualTime(0);
    let last = false;
    const application = async (): Promise<void> => {
      for (let i = 0; i < 8; i++) await new Promise((resolve) => setImmediate(resolve));
      time.soon(() => {
        last = true;
      });
    };
    void application();
    await time.settled();
    expect(last).toBe(true);
  });

  test('moves once for each call, one after the other', async () => {
    const time = new VirtualTime(0);
    const startMs = time.nowMs;
    await Promise.all([time.advance(10), time.advance(20), time.advance(30)]);
    expect(time.nowMs - startMs).toBe(60);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to move by %d ms', (ms) => {
    expect(() => new VirtualTime(0).advance(ms)).toThrow(RangeError);
  });

  test('tells of what never comes to rest, and can be used afterwards', async () => {
    const time = new VirtualTime(0);
    let going = true;
    const again = (): void => {
      if (going) time.soon(again);
    };
    again();
    await expect(time.settled()).rejects.toMatchObject({ name: 'TestBrokerError', code: 'NEVER_SETTLES' });
    going = false;
    await time.advance(1);
  });

  test('needs no timer of the platform, real or false', async () => {
    vi.useFakeTimers();
    try {
      const time = new VirtualTime(NEW_YEAR);
      const seen: string[] = [];
      time.soon(() => seen.push('soon'));
      time.setTimer(() => seen.push('timer'), 1000);
      await time.advance(1000);
      expect(seen).toEqual(['soon', 'timer']);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('Seeded randomness', () => {
  test('is the same for a seed, another for another, and between 0 and 1', () => {
    const take = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 1000 }, () => random());
    };
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
    const numbers = take(7);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
    expect(new Set(numbers).size).toBe(1000);
  });
});
