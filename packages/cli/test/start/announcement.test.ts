import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListenerAddress } from '@martlet/broker';
import { afterAll, expect, test } from 'vitest';
import type { AnnouncedListener, Announcement } from '../../src/start/announcement.ts';
import { announcementText } from '../../src/start/announcement.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-path-'));
for (const program of ['mosquitto_sub', 'mosquitto_pub']) {
  writeFileSync(join(directory, program), '#!/bin/sh\n', { mode: 0o755 });
}
afterAll(() => rmSync(directory, { recursive: true }));

function listenerAt(
  address: ListenerAddress,
  more: Partial<AnnouncedListener['configuration']> = {},
): AnnouncedListener {
  const webSocket = { path: '/mqtt' } as AnnouncedListener['configuration']['webSocket'];
  return { configuration: { protocol: 'mqtt', tls: null, webSocket, ...more }, address, isOpen: true };
}

const TCP = listenerAt({ kind: 'tcp', host: '127.0.0.1', port: 1883 });
const TLS = {} as NonNullable<AnnouncedListener['configuration']['tls']>;

function textOf(overrides: Partial<Announcement> = {}): string {
  return announcementText({
    version: '1.2.3',
    file: undefined,
    listeners: [TCP],
    levels: { durability: 'disk', topicDurability: [] },
    data: { directory: '/data', sessions: 1, messages: 1234, loadedInMs: 5.4 },
    onTerminal: false,
    style: (style, text) => `<${style}>${text}</${style}>`,
    searchPath: directory,
    ...overrides,
  });
}

test('What is not read by a person is plain lines', () => {
  const webSocket = listenerAt({ kind: 'tcp', host: '::1', port: 8080 }, { protocol: 'websocket' });
  const unix = listenerAt({ kind: 'unix', path: '/run/m.sock' });
  expect(textOf({ listeners: [webSocket, unix, TCP] })).toBe(`Martlet 1.2.3
MQTT: mqtt://127.0.0.1:1883
Unix socket: /run/m.sock
WebSocket: ws://[::1]:8080/mqtt
Data: /data, durability disk: 1 session and 1,234 messages loaded in 5 ms
Subscribe: mosquitto_sub -h 127.0.0.1 -p 1883 -t 'test/#' -v
Publish: mosquitto_pub -h 127.0.0.1 -p 1883 -t test/hello -m 'Hello, Martlet'
`);
});

test('A person gets the same with space and colour', () => {
  const text = textOf({ onTerminal: true });
  expect(text).toContain('  <bold>Martlet</bold> 1.2.3');
  expect(text).toContain('  MQTT  <cyan>mqtt://127.0.0.1:1883</cyan>\n');
  expect(text).toContain(`  Data  <cyan>/data</cyan>
        <dim>durability disk: 1 session and 1,234 messages loaded in 5 ms</dim>
`);
  expect(text).toContain('Ctrl+C stops it.');
});

test('What lives in memory only is said to, and levels of topics stand beside the level of the broker', () => {
  const topicDurability = [{ topicFilter: 'sensors/#', durability: 'memory' }] as const;
  expect(textOf({ data: undefined, levels: { durability: 'memory', topicDurability } })).toContain(
    'Data: in memory, durability memory, sensors/#=memory: gone when the broker ends\n',
  );
});

test('No command is proposed that would be refused: one without a user name where that is needed, or without the header of a proxy', () => {
  const other = listenerAt({ kind: 'tcp', host: '127.0.0.1', port: 1884 });
  expect(textOf({ listeners: [{ ...TCP, isOpen: false }] })).not.toContain('mosquitto_sub');
  expect(textOf({ listeners: [{ ...TCP, isOpen: false }, other] })).toContain('-p 1884 -t test/hello');
});

test("Without Mosquitto's clients in the path, the commands are MQTT.js's", () => {
  const text = textOf({ searchPath: '/nonexistent' });
  expect(text).toContain("Subscribe: npx mqtt sub -h 127.0.0.1 -p 1883 -t 'test/#' -v\n");
  expect(text).toContain('Publish: npx mqtt pub -h 127.0.0.1 -p 1883');
});

test.each(['0.0.0.0', '::'])('A broker that listens on %s is tried by the name of this machine', (host) => {
  expect(textOf({ listeners: [listenerAt({ kind: 'tcp', host, port: 1883 })] })).toContain(
    '-h localhost -p 1883',
  );
});

test('The configuration file is named, and listeners with TLS are not the ones to try', () => {
  const text = textOf({
    file: '/etc/martlet/martlet.yaml',
    listeners: [
      listenerAt({ kind: 'tcp', host: '::', port: 8084 }, { protocol: 'websocket', tls: TLS }),
      listenerAt({ kind: 'tcp', host: '::', port: 8883 }, { tls: TLS }),
    ],
  });
  expect(text).toBe(`Martlet 1.2.3
MQTT over TLS: mqtts://[::]:8883
WebSocket over TLS: wss://[::]:8084/mqtt
Configuration: /etc/martlet/martlet.yaml
Data: /data, durability disk: 1 session and 1,234 messages loaded in 5 ms
`);
  expect(textOf({ listeners: [], onTerminal: true })).not.toContain('Try it');
});

test('Where MQTT-SN is spoken is told last', () => {
  const udp = listenerAt({ kind: 'udp', host: '::', port: 1883 }, { protocol: 'mqtt-sn' });
  const serial = listenerAt({ kind: 'serial', path: '/dev/ttyUSB0' }, { protocol: 'mqtt-sn' });
  expect(textOf({ listeners: [udp, serial, TCP] })).toContain(
    'MQTT: mqtt://127.0.0.1:1883\nMQTT-SN: udp://[::]:1883\nMQTT-SN: /dev/ttyUSB0\n',
  );
});

test('Listeners beyond a bound are counted', () => {
  const listeners = Array.from({ length: 15 }, (_, at) =>
    listenerAt({ kind: 'tcp', host: '127.0.0.1', port: 2000 + at }),
  );
  expect(textOf({ listeners })).toContain('MQTT: mqtt://127.0.0.1:2011\nMore: 3 listeners\n');
});
