// A connection that is not read from, by whoever takes its messages, by the client, or by both.

import type { ServerAddress, Transport, TransportListener } from '@martlet/client';
import { expect, test } from 'vitest';
import { TransportValve } from '../../src/connection/transport-valve.ts';

const server = { scheme: 'mqtt', host: 'a', port: 1883, path: '', href: 'mqtt://a' } satisfies ServerAddress;
const listener: TransportListener = { onBytes: () => {}, onDrain: () => {}, onClose: () => {} };

/** A transport that remembers whether it is read from. */
class Pipe implements Transport {
  isRead = true;
  readonly written: Uint8Array[] = [];
  readonly sentBytes = 0;
  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    return true;
  }
  end(): void {}
  destroy(): void {}
  pause(): void {
    this.isRead = false;
  }
  resume(): void {
    this.isRead = true;
  }
}

async function open(valve: TransportValve): Promise<{ readonly pipe: Pipe; readonly above: Transport }> {
  const pipe = new Pipe();
  const above = await valve.wrap(async () => pipe)(server, listener, new AbortController().signal);
  return { pipe, above };
}

test('it is read from while neither has paused it', async () => {
  const valve = new TransportValve();
  const { pipe, above } = await open(valve);
  const steps: readonly (readonly [() => void, boolean])[] = [
    [() => valve.hold(), false],
    [() => valve.release(), true],
    [() => above.pause!(), false],
    [() => valve.hold(), false],
    [() => valve.release(), false],
    [() => above.resume!(), true],
    [() => valve.hold(), false],
    [() => above.pause!(), false],
    [() => above.resume!(), false],
    [() => valve.release(), true],
  ];
  for (const [index, [step, isRead]] of steps.entries()) {
    step();
    expect(pipe.isRead, `step ${index}`).toBe(isRead);
  }
});

test('what is written goes through while it is held', async () => {
  const valve = new TransportValve();
  const { pipe, above } = await open(valve);
  valve.hold();
  above.write(Uint8Array.of(1));
  expect(pipe.written).toEqual([Uint8Array.of(1)]);
});

test('a connection that is opened while it is held is held too, and forgets that the one before was paused', async () => {
  const valve = new TransportValve();
  const before = await open(valve);
  before.above.pause!();
  valve.hold();
  const { pipe } = await open(valve);
  expect(pipe.isRead).toBe(false);
  valve.release();
  expect(pipe.isRead).toBe(true);
});
