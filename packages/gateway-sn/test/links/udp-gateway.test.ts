// A gateway on real UDP sockets of this machine, before a broker in this process.

import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Broker } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { afterEach, expect, test } from 'vitest';
import { encodeForwarder } from '../../src/core/codec/forwarder.ts';
import type { SnGatewayOptions } from '../../src/host/sn-gateway.ts';
import { SnGateway, toBroker } from '../../src/host/sn-gateway.ts';
import { isNobodysAddress, Networks, nearNetworks } from '../../src/links/address-trust.ts';
import type { UdpLinkOptions } from '../../src/links/udp-link.ts';

const sockets: Socket[] = [];
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(
  udp: UdpLinkOptions = {},
  options: SnGatewayOptions = {},
): Promise<{ readonly gateway: SnGateway; readonly broker: Broker }> {
  const broker = createBroker({ sysInterval: 0 });
  closing.push(() => broker.close());
  const gateway = await SnGateway.listen({ port: 0, ...udp }, options, toBroker(broker));
  closing.push(() => gateway.close());
  return { gateway, broker };
}

class UdpDevice {
  readonly #socket: Socket;
  readonly #to: { readonly host: string; readonly port: number };

  constructor(to: { readonly host: string; readonly port: number }) {
    this.#to = to;
    this.#socket = createSocket(to.host.includes(':') ? 'udp6' : 'udp4');
    sockets.push(this.#socket);
  }

  /** Sends bytes in hexadecimal; the answer's bytes in hexadecimal. */
  async ask(hex: string | Uint8Array): Promise<string> {
    const answered = once(this.#socket, 'message') as Promise<[Buffer]>;
    const bytes = typeof hex === 'string' ? Buffer.from(hex, 'hex') : hex;
    this.#socket.send(bytes, this.#to.port, this.#to.host);
    const [answer] = await answered;
    return answer.toString('hex');
  }
}

for (const host of ['127.0.0.1', '::1']) {
  test(`a device connects over UDP on ${host}, and what it publishes is kept before it is told so`, async () => {
    const { gateway, broker } = await start({ host });
    const seen: string[] = [];
    broker.subscribe('zz', (message) => seen.push(message.text()));
    const device = new UdpDevice(gateway.address);
    expect(await device.ask('0a040401003c64657631')).toBe('030500');
    expect(await device.ask('090c227a7a00026869')).toBe('070d7a7a000200');
    expect(seen).toEqual(['hi']);
    expect(await device.ask('0216')).toBe('0217');
    expect(gateway.connections).toBe(1);
    expect(await device.ask('0218')).toBe('0218');
    expect(gateway.connections).toBe(0);
  });
}

test('nodes behind a forwarder are clients of their own, where forwarders are taken', async () => {
  const { gateway } = await start({ forwarders: ['127.0.0.0/8'] });
  const forwarder = new UdpDevice(gateway.address);
  const connect = (id: string) => Buffer.from(`0a040401003c${Buffer.from(id).toString('hex')}`, 'hex');
  for (const node of ['n1', 'n2']) {
    const nodeId = new TextEncoder().encode(node);
    const answer = await forwarder.ask(encodeForwarder(1, nodeId, connect(`dev${node.slice(1)}`)));
    expect(answer).toBe(
      Buffer.from(encodeForwarder(0, nodeId, Buffer.from('030500', 'hex'))).toString('hex'),
    );
  }
  expect(gateway.connections).toBe(2);
});

test('a port that is taken is told', async () => {
  const { gateway } = await start();
  const broker = createBroker({ sysInterval: 0 });
  closing.push(() => broker.close());
  const { port } = gateway.address;
  await expect(SnGateway.listen({ port }, {}, toBroker(broker))).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('a gateway that can be found answers SEARCHGW', async () => {
  const { gateway } = await start({}, { discoverable: true, gatewayId: 9 });
  expect(await new UdpDevice(gateway.address).ask('030100')).toBe('030209');
});

test('networks know their addresses', () => {
  const near = nearNetworks();
  for (const host of [
    '127.0.0.1',
    '10.1.2.3',
    '192.168.1.1',
    '::1',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    'fd00::1',
  ]) {
    expect([host, near.has(host)]).toEqual([host, true]);
  }
  for (const host of ['192.0.2.1', '8.8.8.8', '2001:db8::1', '::ffff:8.8.8.8', 'not an address']) {
    expect([host, near.has(host)]).toEqual([host, false]);
  }
  expect(new Networks(['192.0.2.7']).has('192.0.2.7')).toBe(true);
  expect(() => new Networks(['192.0.2.0/33'])).toThrow('expected an address or a network');
  expect(() => new Networks(['192.0.2.7/'])).toThrow('expected an address or a network');
  expect(() => new Networks(['somewhere'])).toThrow('expected an address or a network');
});

test('addresses of nobody are known', () => {
  for (const [host, port] of [
    ['192.0.2.1', 0],
    ['255.255.255.255', 1883],
    ['225.1.1.1', 1883],
    ['ff02::1', 1883],
    ['::', 1883],
  ] as const) {
    expect(isNobodysAddress(host, port)).toBe(true);
  }
  expect(isNobodysAddress('192.0.2.1', 1883)).toBe(false);
  expect(isNobodysAddress('::1', 1883)).toBe(false);
});
