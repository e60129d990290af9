// The connection to a broker that can die unseen.
import type { ClientPacket } from '@martlet/protocol';
import { expect, test } from 'vitest';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import { GatewayCore } from '../../src/core/gateway-core.ts';
import type { UpstreamHandler } from '../../src/core/ports/upstream.ts';
import { MemoryOfClients } from '../../src/upstream/memory-of-clients.ts';

const PEER = { key: 'a', host: 'a', text: 'a', trusted: true, maximumMessageBytes: 1200 };
const CONNECT = encodeMessage({
  type: 'connect',
  will: false,
  cleanSession: true,
  protocolId: 1,
  duration: 600,
  clientId: 'dev',
});

test.each([
  [undefined, 30_000],
  [10, 5000],
] as const)(
  'with serverKeepAlive %s it is pinged after %d ms, and over when nothing answers',
  (serverKeepAlive, ms) => {
    const sent: ClientPacket['type'][] = [];
    const toDevice: number[] = [];
    let broker: UpstreamHandler | null = null;
    const gateway = new GatewayCore({
      link: { send: (_, bytes) => void toDevice.push(bytes[1]!) },
      memory: new MemoryOfClients({ nowMs: () => 0 }),
      random: () => 0.5,
      nowMs: 0,
      upstreams: {
        keepAlive: 60,
        open: (_, handler) => {
          broker = handler;
          return {
            send: ({ type }) => {
              sent.push(type);
              return true;
            },
            close: () => {},
          };
        },
      },
    });
    gateway.receive(PEER, CONNECT, 0);
    const properties = serverKeepAlive === undefined ? {} : { serverKeepAlive };
    broker!.onPacket({ type: 'connack', sessionPresent: false, reasonCode: 0, properties });
    gateway.tick(ms - 1);
    expect(sent).toEqual(['connect']);
    gateway.tick(ms);
    expect(sent).toEqual(['connect', 'pingreq']);
    broker!.onPacket({ type: 'pingresp' });
    gateway.tick(2 * ms);
    expect(gateway.stateOf('dev')).toBe('active');
    gateway.tick(3 * ms);
    // The device is to connect again: CONNACK was the first thing that it got, DISCONNECT is the last.
    expect(toDevice).toEqual([0x05, 0x18]);
    expect(gateway.clients).toBe(0);
  },
);
