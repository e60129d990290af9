// What is held and when it leaves, in a time of the test's.

import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { DelayLine } from '../../src/proxy/delay-line.ts';

class Time {
  nowMs = 0;
  readonly released: (readonly [atMs: number, byte: number])[] = [];
  #timer: { readonly atMs: number; readonly callback: () => void } | undefined;
  readonly line: DelayLine;

  constructor(delayMs: number, jitterMs: number, random: () => number = () => 0.5) {
    this.line = new DelayLine({
      delayMs,
      jitterMs,
      random,
      nowMs: () => this.nowMs,
      setTimer: (callback, ms) => {
        expect(this.#timer).toBeUndefined();
        this.#timer = { atMs: this.nowMs + ms, callback };
        return () => {
          this.#timer = undefined;
        };
      },
      release: (bytes) => this.released.push([this.nowMs, bytes[0]!]),
    });
  }

  get hasTimer(): boolean {
    return this.#timer !== undefined;
  }

  to(ms: number): void {
    while (this.#timer !== undefined && this.#timer.atMs <= ms) {
      const { atMs, callback } = this.#timer;
      this.#timer = undefined;
      this.nowMs = atMs;
      callback();
    }
    this.nowMs = ms;
  }
}

test('without a delay everything leaves at once', () => {
  const time = new Time(0, 0);
  time.line.push(Uint8Array.of(1));
  expect(time.released).toEqual([[0, 1]]);
  expect(time.hasTimer).toBe(false);
});

test('everything is held for as long, and its bytes are counted', () => {
  const time = new Time(100, 0);
  time.line.push(Uint8Array.of(1, 1));
  time.to(30);
  time.line.push(Uint8Array.of(2));
  expect(time.line.heldBytes).toBe(3);
  time.to(100);
  expect(time.released).toEqual([[100, 1]]);
  expect(time.line.heldBytes).toBe(1);
  time.to(130);
  expect(time.released).toEqual([
    [100, 1],
    [130, 2],
  ]);
  expect(time.hasTimer).toBe(false);
});

test('jitter makes times uneven, within its bounds, and never changes the order', () => {
  const random = new SeededRandom(3);
  const time = new Time(100, 80, () => random.next());
  for (let i = 0; i < 50; i++) {
    time.to(i * 10);
    time.line.push(Uint8Array.of(i));
  }
  time.to(10_000);
  expect(time.released.map(([, byte]) => byte)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  const held = time.released.map(([atMs], i) => atMs - i * 10);
  expect(Math.min(...held)).toBeGreaterThanOrEqual(20);
  expect(Math.max(...held)).toBeLessThanOrEqual(180);
  expect(new Set(held).size).toBeGreaterThan(10);
});

test('jitter above the delay holds nothing for a time below 0', () => {
  const time = new Time(10, 100, () => 0);
  time.line.push(Uint8Array.of(1));
  time.to(0);
  expect(time.released).toEqual([[0, 1]]);
});

test('who waits until it is empty is called once, at once where it is', () => {
  const time = new Time(50, 0);
  const called: string[] = [];
  time.line.whenEmpty(() => called.push(`before ${time.nowMs}`));
  time.line.push(Uint8Array.of(1));
  time.line.whenEmpty(() => called.push(`a ${time.nowMs}`));
  time.line.whenEmpty(() => called.push(`b ${time.nowMs}`));
  time.to(500);
  time.line.push(Uint8Array.of(2));
  time.to(1000);
  expect(called).toEqual(['before 0', 'a 50', 'b 50']);
});

test('a line that is closed lets nothing go any more', () => {
  const time = new Time(50, 0);
  time.line.push(Uint8Array.of(1));
  time.line.whenEmpty(() => time.released.push([-1, -1]));
  time.line.close();
  time.to(1000);
  expect(time.released).toEqual([]);
  expect(time.line.heldBytes).toBe(0);
  expect(time.hasTimer).toBe(false);
});
