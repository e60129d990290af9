// The gateway in front of another broker: Debian's Mosquitto.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from '@martlet/client';
import { openNodeTransport, parseServerUrl } from '@martlet/client/node-transport';
import { afterEach, describe, expect, test } from 'vitest';
import { debianTool } from '../../../../test/debian-tools.ts';
import { MosquittoBroker } from '../../../../test/mosquitto-broker.ts';
import { SnGateway, toServer } from '../../src/host/sn-gateway.ts';

const mosquitto = debianTool('mosquitto');
const closing: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function gatewayTo(url: string, failures: string[] = []): Promise<(hex: string) => Promise<string>> {
  const gateway = await SnGateway.listen(
    { port: 0 },
    {},
    toServer({
      server: parseServerUrl(url).server,
      open: openNodeTransport(),
      onFailure: (reason) => failures.push(reason),
    }),
  );
  closing.push(() => gateway.close());
  const socket = createSocket('udp4');
  closing.push(() => void socket.close());
  return async (hex) => {
    const answered = once(socket, 'message') as Promise<[Buffer]>;
    socket.send(Buffer.from(hex, 'hex'), gateway.address.port, '127.0.0.1');
    const [answer] = await answered;
    return answer.toString('hex');
  };
}

describe.skipIf(mosquitto.path === undefined)(`In front of Mosquitto ${mosquitto.label}`, () => {
  test('a device publishes to it, subscribes there, and leaves its will', async () => {
    const broker = await MosquittoBroker.start(mosquitto.path!);
    closing.push(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.tcpPort}`;
    const observer = connect(url);
    closing.push(() => observer.close());
    const messages = await observer.subscribe('#', { qos: 1 });
    const ask = await gatewayTo(url);
    expect(await ask('0a040401003c64657631')).toBe('030500');
    expect(await ask('090c227a7a00026869')).toBe('070d7a7a000200');
    const { value } = await messages[Symbol.asyncIterator]().next();
    expect([value?.topicName, value?.text()]).toEqual(['zz', 'hi']);
    // SUBSCRIBE to the short name aa at QoS 1, then what another client publishes there.
    expect(await ask('0712220003 6161'.replace(' ', ''))).toBe('0813206161000300');
    expect(await ask('0216')).toBe('0217');
    expect(await ask('0218')).toBe('0218');
  });
});

test('a broker that cannot be reached is congestion to the device, and told in words', async () => {
  const failures: string[] = [];
  const ask = await gatewayTo('mqtt://127.0.0.1:1', failures);
  expect(await ask('0a040401003c64657631')).toBe('030501');
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain('127.0.0.1');
});
