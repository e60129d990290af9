// How a packet is shown: in a line for people, in a line of JSON.

import { describe, expect, test } from 'vitest';
import type { ProxiedPacket, ProxiedThing } from '../../src/proxy/proxied-packet.ts';
import { proxiedJson, proxiedText } from '../../src/proxy/proxied-text.ts';
import { connect, publish } from './packets.ts';

const WALL_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const PLAIN = { style: (_style: string, text: string) => text, verbose: false };

function packetOf(more: Partial<ProxiedPacket> = {}): ProxiedPacket {
  return {
    kind: 'packet',
    wallMs: WALL_MS,
    connection: 1,
    direction: 'toServer',
    packet: publish(1, 7, { topicName: 'a/b', payload: new TextEncoder().encode('on') }),
    protocolVersion: 5,
    bytes: Uint8Array.of(0x32, 9, 0, 3, 0x61, 0x2f, 0x62, 0, 7, 0, 0x6f, 0x6e),
    violations: [],
    fault: undefined,
    ...more,
  };
}

/** Without the time, which is local. */
function shown(thing: ProxiedThing, verbose = false): string {
  return proxiedText(thing, { ...PLAIN, verbose }).replace(/^\d\d:\d\d:\d\d\.006 {2}/, '');
}

describe('a line', () => {
  test('has the connection, the direction, the packet and its section', () => {
    expect(shown(packetOf())).toBe('#1 → PUBLISH "a/b" QoS 1 id 7 "on"  (section 3.3)\n');
    expect(shown(packetOf({ direction: 'toClient', fault: 'dropped' }))).toBe(
      '#1 ← PUBLISH "a/b" QoS 1 id 7 "on"  (section 3.3)  DROPPED\n',
    );
  });

  test('is followed by what is violated, in the words of that version', () => {
    // The same number is another rule in 3.1.1.
    const violations = [{ statement: 'MQTT-3.2.2-2', text: 'wrong' }];
    const of5 = shown(packetOf({ violations }));
    const of311 = shown(packetOf({ violations, protocolVersion: 4 }));
    expect(of5).toMatch(/\n {20}\[MQTT-3\.2\.2-2\] wrong – Accepting Clean Start 1 /);
    expect(of311).toMatch(/\n {20}\[MQTT-3\.2\.2-2\] wrong – Accepting CleanSession 0 /);
  });

  test('has the bytes too where they are wanted, a thousand at most', () => {
    expect(shown(packetOf(), true)).toContain(
      `${' '.repeat(20)}0000  32 09 00 03 61 2f 62 00 07 00 6f 6e              2...a/b...on\n`,
    );
    const long = shown(packetOf({ bytes: new Uint8Array(5000) }), true);
    expect(long.split('\n')).toHaveLength(1 + 64 + 1 + 1);
    expect(long).toContain('… 5000 bytes in all\n');
  });

  test('moves no cursor', () => {
    const packet = publish(0, 0, { topicName: 'a\u009bb\u0007' });
    expect(shown(packetOf({ packet }))).toBe('#1 → PUBLISH "a\\u009bb\\u0007" QoS 0 ""  (section 3.3)\n');
    const text = 'broke: \u001b[2J';
    const event = {
      kind: 'event',
      wallMs: WALL_MS,
      connection: 2,
      direction: undefined,
      text,
      isBad: true,
    } as const;
    expect(shown(event)).toBe('#2   broke: \\u001b[2J\n');
  });
});

describe('a line of JSON', () => {
  test('has all fields, and bytes as text where they are some', () => {
    const line = proxiedJson(packetOf({ fault: 'duplicated' }), false);
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      time: '2026-01-02T03:04:05.006Z',
      connection: 1,
      direction: 'toServer',
      protocolVersion: 5,
      section: '3.3',
      packet: {
        type: 'publish',
        topicName: 'a/b',
        payload: 'on',
        qos: 1,
        retain: false,
        dup: false,
        packetId: 7,
        properties: {},
      },
      bytes: 12,
      fault: 'duplicated',
    });
    const binary = packetOf({ packet: publish(0, 0, { payload: Uint8Array.of(0xff) }) });
    expect(JSON.parse(proxiedJson(binary, false)).packet.payload).toEqual({ base64: '/w==' });
  });

  test('shows a password only where bytes are wanted', () => {
    const packet = connect(4, { username: 'ann', password: new TextEncoder().encode('secret') });
    expect(proxiedJson(packetOf({ packet }), false)).toContain('"password":"6 bytes"');
    const received = { ...packet, password: Buffer.from('secret') };
    expect(proxiedJson(packetOf({ packet: received }), false)).toContain('"password":"6 bytes"');
    expect(proxiedJson(packetOf({ packet }), true)).toContain('"password":"secret"');
  });
});
