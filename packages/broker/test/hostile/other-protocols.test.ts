import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';

describe('Who speaks something else than MQTT', () => {
  test.each([
    ['16030100f8010000f4', 'the client speaks TLS, and this listener does not'],
    [
      hex('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'),
      'the connection begins with a PROXY header, and this listener expects none (proxyProtocol)',
    ],
    [
      '0d0a0d0a000d0a515549540a2111000c',
      'the connection begins with a PROXY header, and this listener expects none (proxyProtocol)',
    ],
    [hex('GET / HTTP/1.1\r\n\r\n'), 'the client speaks HTTP: WebSocket has a listener of its own'],
    [hex('OPTIONS * HTTP/1.1\r\n\r\n'), 'the client speaks HTTP: WebSocket has a listener of its own'],
  ])('is told from it by its first bytes: %s', (bytes, text) => {
    const world = new World();
    const client = world.open(5);
    client.sendBytes(Buffer.from(bytes, 'hex'));
    expect(client.closed).toBe(true);
    expect(client.take()).toEqual([]);
    expect(world.eventsOf('connectionRefused')).toMatchObject([
      { reasonCode: ReasonCode.ProtocolError, reason: `the first packet is not CONNECT: ${text}` },
    ]);
  });

  test.each(['47', '50', '0d', '4745', '50524f', '1603', '5000'])(
    'is refused all the same where too little has come: %s',
    (bytes) => {
      const world = new World();
      const client = world.open(5);
      client.sendBytes(Buffer.from(bytes, 'hex'));
      expect(client.closed).toBe(true);
      expect(world.eventsOf('connectionRefused')[0]?.reason).toMatch(/^the first packet is not CONNECT/);
    },
  );

  function hex(text: string): string {
    return Buffer.from(text).toString('hex');
  }
});
