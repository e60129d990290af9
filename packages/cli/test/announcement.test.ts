import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener, ListenerAddress } from '@martlet/broker';
import { afterAll, expect, test } from 'vitest';
import type { Announcement } from '../src/announcement.ts';
import { announcementText } from '../src/announcement.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-path-'));
for (const program of ['mosquitto_sub', 'mosquitto_pub']) {
  writeFileSync(join(directory, program), '#!/bin/sh\n', { mode: 0o755 });
}
afterAll(() => rmSync(directory, { recursive: true }));

function listenerAt(address: ListenerAddress): Listener {
  return {
    name: 'test',
    address,
    connections: 0,
    stop: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function textOf(overrides: Partial<Announcement> = {}): string {
  return announcementText({
    version: '1.2.3',
    tcp: listenerAt({ kind: 'tcp', host: '127.0.0.1', port: 1883 }),
    unix: undefined,
    webSocket: undefined,
    levels: { durability: 'disk', topicDurability: [] },
    data: { directory: '/data', sessions: 1, messages: 1234, loadedInMs: 5.4 },
    onTerminal: false,
    style: (style, text) => `<${style}>${text}</${style}>`,
    searchPath: directory,
    ...overrides,
  });
}

test('What is not read by a person is plain lines', () => {
  const webSocket = { listener: listenerAt({ kind: 'tcp', host: '::1', port: 8080 }), path: '/mqtt' };
  const unix = listenerAt({ kind: 'unix', path: '/run/m.sock' });
  expect(textOf({ webSocket, unix })).toBe(`Martlet 1.2.3
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

test("Without Mosquitto's clients in the path, the commands are MQTT.js's", () => {
  const text = textOf({ searchPath: '/nonexistent' });
  expect(text).toContain("Subscribe: npx mqtt sub -h 127.0.0.1 -p 1883 -t 'test/#' -v\n");
  expect(text).toContain('Publish: npx mqtt pub -h 127.0.0.1 -p 1883');
});

test.each(['0.0.0.0', '::'])('A broker that listens on %s is tried by the name of this machine', (host) => {
  expect(textOf({ tcp: listenerAt({ kind: 'tcp', host, port: 1883 }) })).toContain('-h localhost -p 1883');
});
