// Browsers load some files of the library when they are needed. The network or a new deployment may not give them then.

import type { ClientError, ClientOptions } from '@martlet/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connect } from '../../src/browser.ts';
import { ClientAuthentication } from '../../src/client/client-authentication.ts';
import { guardedOpen } from '../../src/client/guard-transport.ts';
import { Requests } from '../../src/client/rpc/requests.ts';
import { SessionKeeping } from '../../src/client/session-keeping.ts';
import { Unrouted } from '../../src/core/incoming/unrouted.ts';
import type { ControlledStore } from '../persistence/controlled-store.ts';
import { Disk } from '../persistence/controlled-store.ts';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Cannot be loaded at first, and later it can. */
function missingTwice<T>(part: T): () => Promise<T> {
  let count = 0;
  return async () => {
    if (++count <= 2) throw new TypeError('Failed to fetch dynamically imported module');
    return part;
  };
}

type Parts = NonNullable<Parameters<World['connect']>[1]>;

const FAST: ClientOptions = { reconnect: { minimumDelayMs: 1000, maximumDelayMs: 1000 } };
const begin = (): { first: () => undefined; next: () => undefined; last: () => void } => ({
  first: () => undefined,
  next: () => undefined,
  last: () => {},
});

const EACH: readonly [string, Parts, () => ClientOptions][] = [
  [
    'what keeps the session of another process',
    { unrouted: missingTwice(Unrouted) },
    () => ({ sessionExpiryInterval: 3600 }),
  ],
  [
    'what keeps a session in a store',
    { sessionKeeping: missingTwice(SessionKeeping) },
    () => ({ store: fastStore() }),
  ],
  [
    'authentication',
    { authentication: missingTwice(ClientAuthentication) },
    () => ({ authentication: { method: 'm', begin } }),
  ],
  ['what guards a transport', { guardedOpen: missingTwice(guardedOpen) }, () => ({ transport: world.open })],
];

test.each(EACH)(
  'A file without which there is no connection fails the attempt, and the next tries again: %s',
  async (_what, parts, options) => {
    const client = world.connect({ ...FAST, ...options() }, parts);
    const errors: ClientError[] = [];
    client.on('offline', ({ error }) => errors.push(error));
    await world.advance(2000);
    expect(errors.map(({ code, kind }) => [code, kind])).toEqual([
      ['CONNECTION_FAILED', 'environment'],
      ['CONNECTION_FAILED', 'environment'],
    ]);
    expect((await world.accepting()).take('connect').clientId).toBe('c');
  },
);

function fastStore(): ControlledStore {
  const store = new Disk().store();
  store.isFast = true;
  return store;
}

test('A client that is closed while such a file is missing lets go of everything, and tells nothing', async () => {
  const client = world.connect(
    { ...FAST, store: fastStore() },
    { sessionKeeping: missingTwice(SessionKeeping) },
  );
  const errors: ClientError[] = [];
  client.on('error', (error) => errors.push(error));
  client.on('offline', () => {});
  await world.settle();
  await client.close();
  expect([errors, world.timerCount, client.state]).toEqual([[], 0, 'closed']);
});

test('A store that opens slowly takes nothing of the time for a connection', async () => {
  const store = fastStore();
  let open = (): void => {};
  store.open = () =>
    new Promise((resolve) => {
      open = () => {
        store.isOpen = true;
        resolve([]);
      };
    });
  const client = world.connect({ ...FAST, store, connectTimeoutMs: 1000 });
  const errors: ClientError[] = [];
  client.on('offline', ({ error }) => errors.push(error));
  await world.advance(100_000);
  expect([errors, client.state]).toEqual([[], 'connecting']);
  open();
  await world.accept();
  expect(client.state).toBe('online');
});

test('A request whose file cannot be loaded is rejected as other failures of the network are, and the next tries again', async () => {
  const requests = '../../src/client/rpc/requests.ts';
  vi.doMock(requests, () => Promise.reject(new TypeError('gone')));
  const client = connect('ws://localhost', { transport: () => new Promise(() => {}) });
  try {
    await expect(client.request('a', '')).rejects.toMatchObject({
      name: 'ClientError',
      code: 'CONNECTION_FAILED',
      kind: 'environment',
    });
    vi.doUnmock(requests);
    await expect(client.request('a', '', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  } finally {
    vi.doUnmock(requests);
    await client.close({ timeoutMs: 0 });
  }
});

test('What answers requests is loaded before the first of them comes', async () => {
  let count = 0;
  const requests = async (): Promise<typeof Requests> => {
    count++;
    return Requests;
  };
  const client = world.connect({}, { requests });
  client.respond('a', () => '');
  await world.settle();
  expect(count).toBe(1);
});
