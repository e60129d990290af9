// The time of the devices.

import { expect, test } from 'vitest';
import { SimulationClock } from '../../src/simulate/simulation-clock.ts';

test('goes faster by the factor', () => {
  let nowMs = 500;
  const clock = new SimulationClock(() => nowMs, 10);
  nowMs = 600;
  expect(clock.advance()).toBe(1000);
  expect(clock.plan(1500, 10_000)).toBe(50);
  nowMs = 650;
  expect(clock.advance()).toBe(1500);
});

test('stands still while this process is stopped', () => {
  let nowMs = 0;
  const clock = new SimulationClock(() => nowMs, 1);
  expect(clock.plan(5000, 100_000)).toBe(5000);
  nowMs = 5900;
  expect(clock.advance()).toBe(5900);
  clock.plan(6000, 100_000);
  nowMs = 3_600_000;
  expect(clock.advance()).toBe(5900 + 100 + 1000);
});

test('plans no sleep for what is late, and none beyond the most', () => {
  let nowMs = 0;
  const clock = new SimulationClock(() => nowMs, 0.5);
  nowMs = 100;
  expect(clock.advance()).toBe(50);
  expect(clock.plan(20, 1000)).toBe(0);
  expect(clock.plan(Number.POSITIVE_INFINITY, 1000)).toBe(1000);
  nowMs = 1100;
  expect(clock.advance()).toBe(550);
});
