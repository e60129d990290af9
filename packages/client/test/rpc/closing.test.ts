// Requests around `close`: each settles, and nothing is left behind that keeps a program from ending.

import type { Client } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let client: Client;
let server: TestServer;

beforeEach(async () => {
  world = new World();
  client = world.connect();
  server = await world.accept();
});
afterEach(() => world.close());

/** How a promise has settled by now. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let settled: unknown = 'pending';
  promise.then(
    () => {
      settled = 'fulfilled';
    },
    (error) => {
      settled = error.code;
    },
  );
  await world.settle();
  return settled;
}

describe.each(['first', 'second'])('The %s request of a client that is closed at once', (which) => {
  beforeEach(async () => {
    if (which === 'first') return;
    client.request('a', 'b', { timeoutMs: 1 }).catch(() => {});
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    await world.advance(1);
  });

  test('is rejected, and leaves no timer', async () => {
    const asked = client.request('a', 'b');
    const closed = client.close({ timeoutMs: 0 });
    expect(await outcome(asked)).toBe('CLOSED');
    await closed;
    await world.settle();
    expect(world.timerCount).toBe(0);
  });

  test('is rejected too when it is for many responses', async () => {
    const asked = client.requestMany('a', 'b', { timeoutMs: 60_000 }).next();
    const closed = client.close({ timeoutMs: 0 });
    expect(await outcome(asked)).toBe('CLOSED');
    await closed;
    await world.settle();
    expect(world.timerCount).toBe(0);
  });

  test('is rejected too when its loop begins after the end', async () => {
    const responses = client.requestMany('a', 'b');
    await client.close({ timeoutMs: 0 });
    expect(await outcome(responses.next())).toBe('CLOSED');
    expect(world.timerCount).toBe(0);
  });
});
