import { EventEmitter } from 'node:events';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  answerSignals,
  dumpSubscriptions,
  MAXIMUM_DUMPED_FILTERS,
} from '../../src/server/process/server-signals.ts';
import { portOf, ServedTest } from './served.ts';

let served: ServedTest;

beforeEach(() => {
  served = new ServedTest();
});

afterEach(() => served.end());

test('Many SIGHUPs at a time are few reloads, and none after the handlers are taken off', async () => {
  let loads = 0;
  const loaded = served.configuration();
  const server = await served.start(loaded, {
    load: async () => {
      loads++;
      return loaded;
    },
  });
  const signalled = new EventEmitter();
  const end = answerSignals(server, signalled);
  for (let at = 0; at < 100; at++) signalled.emit('SIGHUP');
  await server.reload();
  expect(loads).toBeLessThanOrEqual(2);
  end();
  expect(signalled.eventNames()).toEqual([]);
});

test('Only the signals that were asked for are answered', async () => {
  const server = await served.start(served.configuration());
  const signalled = new EventEmitter();
  answerSignals(server, signalled, ['SIGUSR1']);
  expect(signalled.eventNames()).toEqual(['SIGUSR1']);
});

test('Who is subscribed to what is told as far as a bound', async () => {
  const server = await served.start(served.configuration());
  const client = await connectAsync(`mqtt://127.0.0.1:${portOf(server, 'main')}`, {
    clientId: 'ann',
    reconnectPeriod: 0,
  });
  const filters = Array.from({ length: MAXIMUM_DUMPED_FILTERS + 3 }, (_, at) => `t/${at}`);
  for (let at = 0; at < filters.length; at += 100) await client.subscribeAsync(filters.slice(at, at + 100));
  served.lines.length = 0;
  dumpSubscriptions(server);
  expect(served.lines).toHaveLength(MAXIMUM_DUMPED_FILTERS + 1);
  expect(served.lines[0]).toBe('notice subscription: t/0: ann (QoS 0)');
  expect(served.lines.at(-1)).toBe(
    `notice subscriptions: ${filters.length} topic filters, 3 of which are not shown`,
  );
  await client.endAsync();
});
