import { describe, expect, test } from 'vitest';
import type { IsCurrent } from '../../src/server/reload/reload-queue.ts';
import { ReloadQueue } from '../../src/server/reload/reload-queue.ts';

/** Timers that fire when the test says so. */
class Timers {
  readonly pending = new Set<() => void>();
  readonly setTimer = (callback: () => void): (() => void) => {
    this.pending.add(callback);
    return () => void this.pending.delete(callback);
  };
  fire(): void {
    for (const callback of [...this.pending]) callback();
  }
}

interface Work {
  readonly isCurrent: IsCurrent;
  readonly end: (result: string) => void;
}

function queueOf(timers: Timers): { readonly queue: ReloadQueue<string>; readonly begun: Work[] } {
  const begun: Work[] = [];
  const queue = new ReloadQueue<string>(
    (isCurrent) => new Promise((resolve) => begun.push({ isCurrent, end: resolve })),
    { limitMs: 60_000, setTimer: timers.setTimer },
  );
  return { queue, begun };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Reloads', () => {
  test('come one after another, and what is asked for meanwhile is one more', async () => {
    const { queue, begun } = queueOf(new Timers());
    const results = [queue.request(), queue.request(), queue.request()];
    await settled();
    expect(begun).toHaveLength(1);
    const late = queue.request();
    begun[0]!.end('first');
    await settled();
    expect(begun).toHaveLength(2);
    begun[1]!.end('second');
    expect(await Promise.all([...results, late])).toEqual(['first', 'first', 'first', 'second']);
  });

  test('that do not end keep the others waiting for a while only, and are stale then', async () => {
    const timers = new Timers();
    const { queue, begun } = queueOf(timers);
    const hanging = queue.request();
    await settled();
    const next = queue.request();
    await settled();
    expect(begun).toHaveLength(1);
    timers.fire();
    await expect(hanging).rejects.toMatchObject({
      code: 'RELOAD_TOOK_TOO_LONG',
      message: expect.stringContaining('more than 60 s'),
    });
    await settled();
    expect(begun.map(({ isCurrent }) => isCurrent())).toEqual([false, true]);
    begun[1]!.end('next');
    expect(await next).toBe('next');
    begun[0]!.end('too late');
    await settled();
    expect(timers.pending.size).toBe(0);
  });
});
