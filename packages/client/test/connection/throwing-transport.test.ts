// A transport of the application's own that throws: the connection ends and the next one is opened, and nothing else happens.

import type { Client, OpenTransport, Transport } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { grant, message } from '../incoming/server-packets.ts';
import { World } from '../world/world.ts';

let world: World;
let uncaught: unknown[];
const onUncaught = (error: unknown): void => void uncaught.push(error);
beforeEach(() => {
  world = new World();
  uncaught = [];
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
});
afterEach(async () => {
  await world.close();
  await world.settle();
  process.off('uncaughtException', onUncaught);
  process.off('unhandledRejection', onUncaught);
  expect(uncaught).toEqual([]);
});

/** A client whose first connection throws at each of these calls while `isBroken`. */
function connect(names: readonly Exclude<keyof Transport, 'sentBytes'>[]) {
  const state = { isBroken: false, calls: 0 };
  let count = 0;
  const transport: OpenTransport = async (...of) => {
    const opened = await world.open(...of);
    if (++count > 1) return opened;
    const own = { ...opened };
    for (const name of names) {
      own[name] = (bytes?: Uint8Array): never => {
        if (!state.isBroken) return opened[name]!(bytes!) as never;
        state.calls++;
        throw new Error(`no ${name}`);
      };
    }
    return own;
  };
  const client = world.connect({ transport });
  const events: unknown[] = [];
  client.on('offline', ({ error: { code, cause }, reconnectMs }) =>
    events.push(code, (cause as Error | undefined)?.message, reconnectMs !== undefined),
  );
  return { client, state, events };
}

/** The next connection is as good as any. */
async function recovers(client: Client): Promise<void> {
  await world.advance(5000);
  await world.accept();
  expect(client.state).toBe('online');
}

describe('A transport that throws', () => {
  test('when it writes ends the connection; what was to be sent is sent on the next one', async () => {
    const { client, state, events } = connect(['write']);
    const first = await world.accept();
    state.isBroken = true;
    const publication = client.publish('a', 'b', { qos: 1 });
    // Larger than what is written at once, so that it throws while the packet is made.
    const large = client.publish('a', new Uint8Array(300_000), { qos: 1 });
    await world.settle();
    expect([events, first.ended]).toEqual([['CONNECTION_LOST', 'no write', true], 'destroy']);
    await world.advance(5000);
    const server = await world.accept();
    for (const bytes of [1, 300_000]) {
      const { packetId, payload } = server.take('publish');
      expect(payload.length).toBe(bytes);
      server.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
      await world.settle();
    }
    expect([(await publication).reasonCode, (await large).reasonCode]).toEqual([0, 0]);
  });

  test('at CONNECT is followed by the next attempt', async () => {
    const { client, state, events } = connect(['write', 'destroy']);
    state.isBroken = true;
    await world.settle();
    expect(events).toEqual(['CONNECTION_LOST', 'no write', true]);
    world.opened.length = 0;
    await recovers(client);
  });

  test.each(['pause', 'resume'] as const)('at %s ends the connection', async (name) => {
    const { client, state, events } = connect([name]);
    const pending = client.subscribe('#', { bufferMessages: 1 });
    const first = await world.accept();
    grant(first);
    const subscription = await pending;
    state.isBroken = true;
    first.send(message('a'), message('b'));
    await world.settle();
    for await (const _message of subscription) break;
    await world.settle();
    expect([events, first.ended]).toEqual([['CONNECTION_LOST', `no ${name}`, true], 'destroy']);
    await recovers(client);
  });

  test('when it is ended is destroyed, and left alone when that throws too', async () => {
    const { client, state } = connect(['end']);
    const first = await world.accept();
    state.isBroken = true;
    await client.close();
    await world.settle();
    expect([client.state, first.ended, state.calls, world.timerCount]).toEqual(['closed', 'destroy', 1, 0]);
    const both = connect(['end', 'destroy']);
    await world.accept();
    both.state.isBroken = true;
    await both.client.close();
    await world.settle();
    expect([both.client.state, both.state.calls, world.timerCount]).toEqual(['closed', 2, 0]);
  });

  test('when it is destroyed is left alone', async () => {
    const { client, state, events } = connect(['destroy']);
    const first = await world.accept();
    state.isBroken = true;
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    await world.settle();
    expect([events, state.calls]).toEqual([['CONNECTION_LOST', undefined, true], 1]);
    await recovers(client);
    await client.close();
    expect(client.state).toBe('closed');
  });
});

test('A transport that is none fails the attempt', async () => {
  const client = world.connect({ transport: async () => undefined as unknown as Transport });
  const codes: string[] = [];
  client.on('offline', ({ error }) => codes.push(error.code));
  await world.settle();
  expect([client.state, codes]).toEqual(['waiting', ['CONNECTION_FAILED']]);
});
