import { expect, test } from 'vitest';
import { PublishProgress } from '../../src/pub/publish-progress.ts';
import { testIo } from '../command-io.ts';

/** Progress on a terminal of 100 columns without colours, and a clock that the test moves. */
function progressOn() {
  const written: string[] = [];
  const clock = { nowMs: 5000 };
  const stderr = {
    isTTY: true,
    columns: 100,
    hasColors: () => false,
    write: (text: string) => written.push(text),
  };
  const io = { ...testIo({}), stderr: stderr as never, nowMs: () => clock.nowMs };
  return { progress: new PublishProgress(io, false), clock, written };
}

test('What was read at once is done when it is published, and the time before the first message counts', () => {
  const { progress, clock, written } = progressOn();
  progress.start();
  progress.read(2000, { done: 60_000, total: 60_000 }, 0);
  clock.nowMs += 1000;
  progress.show(100);
  clock.nowMs += 1000;
  progress.show(200);
  expect(written).toEqual([
    expect.stringContaining('   5 %  2 of 58 KiB, 100/s, 19 s left'),
    expect.stringContaining('  10 %  5 of 58 KiB, 100/s, 18 s left'),
  ]);
});

test('Lines that were all left out are done', () => {
  const { progress, clock, written } = progressOn();
  progress.start();
  progress.read(10, { done: 1000, total: 4000 }, 0);
  progress.read(0, { done: 2000, total: 4000 }, 10);
  clock.nowMs += 1000;
  progress.show(10);
  expect(written).toEqual([expect.stringContaining('  50 %')]);
});

test('Nothing is said of the time that is left before the first message', () => {
  const { progress, clock, written } = progressOn();
  progress.start();
  progress.read(40, { done: 40, total: 40, noun: 'message' }, 0);
  clock.nowMs += 1000;
  progress.show(0);
  expect(written).toEqual([expect.stringMatching(/0 of 40 messages, 0\/s$/)]);
});
