// Thousands of real connections, opened and closed: what must be back to nothing is counted.

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServedBroker } from './served-broker.ts';

const CONNECTIONS = 2000;
/** Opened at a time, so that the operating system's queue of connections is not what is tested. */
const BATCH = 250;

let served: ServedBroker;

beforeAll(async () => {
  served = await ServedBroker.start();
});
afterAll(() => served.close());

/** Fulfils when the CONNACK has come. */
function open(clientId: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(served.port, '127.0.0.1', () => {
      socket.write(
        encodePacket(
          {
            type: 'connect',
            protocolVersion: ProtocolVersion.V5,
            clientId,
            cleanStart: true,
            keepAlive: 60,
            properties: {},
          },
          ProtocolVersion.V5,
        ),
      );
    });
    socket.once('data', (bytes) => {
      if (bytes[0] === 0x20 && bytes[3] === 0) resolve(socket);
      else reject(new Error(`${clientId}: expected an accepting CONNACK, got ${bytes.toString('hex')}`));
    });
    socket.once('error', reject);
  });
}

async function openAll(round: string): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < CONNECTIONS) {
    const batch = Array.from({ length: BATCH }, (_, index) => open(`${round}-${sockets.length + index}`));
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

test(`${CONNECTIONS} connections are accepted, served and forgotten, and then as many again`, async () => {
  const { broker, tcp } = served;
  for (const round of ['first', 'second']) {
    const sockets = await openAll(round);
    expect([tcp.connections, broker.gauges.connections]).toEqual([CONNECTIONS, CONNECTIONS]);
    const gone = served.next('clientDisconnected', undefined, CONNECTIONS);
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    // Half of them leave orderly, the others just go.
    for (const [index, socket] of sockets.entries()) {
      if (index % 2 === 0) socket.end(Uint8Array.of(0xe0, 0));
      else socket.resetAndDestroy();
    }
    await gone;
    await Promise.all(closed);
    expect([tcp.connections, broker.gauges.connections, broker.gauges.sessions]).toEqual([0, 0, 0]);
  }
  expect(broker.metrics.connectionsOpened).toBe(2 * CONNECTIONS);
  expect(broker.metrics.connectionsClosed).toBe(2 * CONNECTIONS);
  expect(broker.metrics.connectionsRefused).toBe(0);
});
