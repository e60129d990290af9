// Devices of MQTT-SN beside clients of MQTT 3.1, 3.1.1 and 5.0, over TCP and WebSocket: one broker, real sockets of this machine.
import type { Listener } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import type { Client } from '@martlet/client';
import { connect } from '@martlet/client';
import { afterEach, describe, expect, test } from 'vitest';
import type { SnClient } from '../../src/client/sn-client.ts';
import { connectSn } from '../../src/client/sn-client.ts';
import { SnGateway, toBroker } from '../../src/host/sn-gateway.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What has come, in order, for who waits for the next. */
class Inbox {
  readonly #texts: string[] = [];
  #wake: (() => void) | null = null;

  put(text: string): void {
    this.#texts.push(text);
    this.#wake?.();
  }

  async next(): Promise<string> {
    while (this.#texts.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#texts.shift()!;
  }
}

function portOf({ address }: Listener): number {
  if (address.kind !== 'tcp') throw new Error(`expected a TCP listener, got ${address.kind}`);
  return address.port;
}

async function begin() {
  const broker = createBroker({ sysInterval: 0 });
  closing.push(() => broker.close());
  const tcp = portOf(await broker.listen({ host: '127.0.0.1', port: 0 }));
  const ws = portOf(await broker.listenWebSocket({ host: '127.0.0.1', port: 0 }));
  const gateway = await SnGateway.listen({ port: 0 }, { options: { tolerance: 1 } }, toBroker(broker));
  closing.push(() => gateway.close());
  const inbox = new Inbox();
  const device = await connectSn({
    port: gateway.address.port,
    clientId: 'device',
    onMessage: ({ topicName, qos, retain, payload }) => {
      inbox.put(`${topicName} ${qos} ${retain} ${new TextDecoder().decode(payload)}`);
    },
  });
  closing.push(() => device.close());
  const urls = { tcp: `mqtt://127.0.0.1:${tcp}`, ws: `ws://127.0.0.1:${ws}/mqtt` };
  return { device, inbox, urls, gateway };
}

async function listening(client: Client, filter: string): Promise<Inbox> {
  const inbox = new Inbox();
  const messages = await client.subscribe(filter, { qos: 2 });
  void (async () => {
    for await (const message of messages) {
      inbox.put(`${message.topicName} ${message.qos} ${message.retain} ${message.text()}`);
    }
  })();
  return inbox;
}

describe.each([
  ['3.1', 'tcp', 3],
  ['3.1.1', 'tcp', 4],
  ['3.1.1', 'ws', 4],
  ['5.0', 'tcp', 5],
  ['5.0', 'ws', 5],
] as const)('MQTT %s over %s', (_, transport, protocolVersion) => {
  const client = (url: string): Client => {
    const made = connect(url, { protocolVersion, clientId: 'client' });
    closing.push(() => made.close());
    return made;
  };

  test('messages go both ways at QoS 0, 1 and 2', async () => {
    const { device, inbox, urls } = await begin();
    const other = client(urls[transport]);
    const heard = await listening(other, 'up/+');
    await device.subscribe('down/+', 2);
    for (const qos of [0, 1, 2] as const) {
      await device.publish('up/t', `at ${qos}`, { qos });
      expect(await heard.next()).toBe(`up/t ${qos} false at ${qos}`);
      await other.publish('down/t', `at ${qos}`, { qos });
      expect(await inbox.next()).toBe(`down/t ${qos} false at ${qos}`);
    }
  });

  test('what is retained by one is there for the other', async () => {
    const { device, inbox, urls } = await begin();
    const other = client(urls[transport]);
    await other.publish('kept/down', 'd', { qos: 1, retain: true });
    await device.publish('kept/up', 'u', { qos: 1, retain: true });
    await device.subscribe('kept/down', 1);
    expect(await inbox.next()).toBe('kept/down 1 true d');
    const heard = await listening(other, 'kept/up');
    expect(await heard.next()).toBe('kept/up 1 true u');
  });
});

test('the will of a device that is lost reaches a client of MQTT', async () => {
  const { gateway, urls } = await begin();
  const other = connect(urls.tcp, { clientId: 'client' });
  closing.push(() => other.close());
  const heard = await listening(other, 'gone');
  const lost: SnClient = await connectSn({
    port: gateway.address.port,
    clientId: 'lost',
    keepAlive: 1,
    will: { topic: { topicName: 'gone', qos: 1, retain: false }, payload: Buffer.from('lost') },
    onMessage: () => {},
  });
  await lost.close();
  expect(await heard.next()).toBe('gone 1 false lost');
});
