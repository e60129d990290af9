// Searching over real UDP of this machine: the address of one gateway takes the place of the group.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createBroker } from '@martlet/broker';
import { afterEach, expect, test } from 'vitest';
import { discoverGateways } from '../../src/client/discover-gateways.ts';
import type { FoundGateway } from '../../src/client/known-gateways.ts';
import { SnGateway, toBroker } from '../../src/host/sn-gateway.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

test('a gateway that answers is found where it answers from, and the search ends when it is told to', async () => {
  const broker = createBroker({ sysInterval: 0 });
  closing.push(() => broker.close());
  const options = { discoverable: true, gatewayId: 9 } as const;
  const gateway = await SnGateway.listen({ port: 0 }, options, toBroker(broker));
  closing.push(() => gateway.close());
  const { port } = gateway.address;
  const stop = new AbortController();
  const found: FoundGateway[] = [];
  const onGateway = (one: FoundGateway): void => {
    found.push(one);
    stop.abort();
  };
  await discoverGateways({ group: '127.0.0.1', port, delayMs: 1, onGateway }, stop.signal);
  expect(found).toEqual([{ gatewayId: 9, host: '127.0.0.1', port, duration: undefined }]);
});

test('a gateway whose socket is for IPv6 and IPv4 is found in an IPv4 group', async () => {
  const broker = createBroker({ sysInterval: 0 });
  closing.push(() => broker.close());
  const place = { group: '225.1.1.1', port: await freeUdpPort(), interface: '127.0.0.1' };
  const gateway = await SnGateway.listen(
    { host: '::ffff:127.0.0.1', port: 0, multicast: place },
    { discoverable: true, gatewayId: 9 },
    toBroker(broker),
  );
  closing.push(() => gateway.close());
  const stop = new AbortController();
  const found: FoundGateway[] = [];
  const onGateway = (one: FoundGateway): void => {
    found.push(one);
    stop.abort();
  };
  await discoverGateways({ ...place, delayMs: 1, onGateway }, stop.signal);
  expect(found).toMatchObject([{ gatewayId: 9, host: '127.0.0.1', port: gateway.address.port }]);
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

test('a search that has been told to end before it began ends', async () => {
  await discoverGateways({ group: '127.0.0.1', port: 9, onGateway: () => {} }, AbortSignal.abort());
});

test('a group that is none is told in the words of the system', async () => {
  const search = discoverGateways(
    { group: '225.1.1.1', interface: 'nowhere', onGateway: () => {} },
    AbortSignal.abort(),
  );
  await expect(search).rejects.toThrow();
});
