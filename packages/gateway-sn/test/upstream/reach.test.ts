// Whether the broker in front of which a gateway stands is there.
import type { OpenTransport, Transport } from '@martlet/client';
import { parseServerUrl } from '@martlet/client/node-transport';
import { expect, test } from 'vitest';
import { MqttUpstreams } from '../../src/upstream/mqtt-upstreams.ts';

const { server } = parseServerUrl('mqtt://127.0.0.1');
const PEER = { key: 'k', host: '192.0.2.1', text: 'k', trusted: true, maximumMessageBytes: 1000 };

class FakeServer {
  isThere = true;
  opened = 0;
  ended = 0;
  readonly failures: string[] = [];
  readonly open: OpenTransport = async (_server, _listener, signal): Promise<Transport> => {
    this.opened++;
    this.signal = signal;
    if (!this.isThere) throw new Error('refused');
    return { write: () => true, end: () => void this.ended++, destroy: () => {} };
  };
  signal: AbortSignal | undefined;
  readonly upstreams: MqttUpstreams = new MqttUpstreams({
    server,
    open: this.open,
    onTurn: () => {},
    onFailure: (reason) => this.failures.push(reason),
  });

  ask(): Promise<boolean> {
    return new Promise((resolve) => this.upstreams.reach(resolve));
  }
}

test('a server that takes a connection is there, and the connection is ended', async () => {
  const fake = new FakeServer();
  expect(await fake.ask()).toBe(true);
  expect(fake).toMatchObject({ opened: 1, ended: 1, failures: [] });
});

test('a server that takes none is not there, and that is told once until it has been there again', async () => {
  const fake = new FakeServer();
  fake.isThere = false;
  expect([await fake.ask(), await fake.ask()]).toEqual([false, false]);
  expect(fake.failures).toEqual(['no device finds this gateway while there is none: refused']);
  fake.isThere = true;
  expect(await fake.ask()).toBe(true);
  fake.isThere = false;
  await fake.ask();
  expect(fake.failures).toHaveLength(2);
});

test('the connection of a client says so without another', async () => {
  const fake = new FakeServer();
  const upstream = fake.upstreams.open(PEER, { onPacket: () => {}, onClosed: () => {} });
  expect(await fake.ask()).toBe(true);
  expect(await fake.ask()).toBe(true);
  const openedWhileConnected = fake.opened;
  upstream.close();
  expect(await fake.ask()).toBe(true);
  expect(fake.opened - openedWhileConnected).toBe(1);
});

test('whoever forgets the question hears no answer, and the connection under way is given up', async () => {
  const fake = new FakeServer();
  const answers: boolean[] = [];
  const forget = fake.upstreams.reach((isReachable) => answers.push(isReachable));
  const { signal } = fake;
  expect(signal?.aborted).toBe(false);
  forget();
  expect(signal?.aborted).toBe(true);
  expect(await fake.ask()).toBe(true);
  expect(answers).toEqual([]);
});
