// What `martlet doctor` says of names, ports, sockets, and of whatever else answers there.

import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { freePort } from '../../../../crash/broker-process.mjs';
import { ServedBroker } from '../../../../test/e2e/served-broker.ts';
import { serverPair } from '../../../client/test/transports/certificates.ts';
import { OddServer } from '../odd-server.ts';
import { examined } from './examined.ts';

let served: ServedBroker;
let webSocketPort: number;
const directory = mkdtempSync(join(tmpdir(), 'martlet-doctor-'));
const socketPath = join(directory, 'mqtt.sock');
const opened: { close(): unknown }[] = [];

beforeAll(async () => {
  served = await ServedBroker.start();
  await served.broker.listen({ path: socketPath });
  if (served.webSocket.address.kind !== 'tcp') throw new Error('expected a TCP port');
  webSocketPort = served.webSocket.address.port;
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
afterAll(async () => {
  await served.close();
  rmSync(directory, { recursive: true, force: true });
});

async function odd(...given: Parameters<typeof OddServer.start>): Promise<number> {
  const server = await OddServer.start(...given);
  opened.push(server);
  return server.port;
}

describe('a server that is well', () => {
  test.each([
    ['a host and a port', () => [`127.0.0.1:${served.port}`]],
    ['a URL', () => [`mqtt://localhost:${served.port}`]],
    ['flags', () => ['-h', '127.0.0.1', '-p', String(served.port)]],
    ['a WebSocket', () => [`ws://127.0.0.1:${webSocketPort}/mqtt`]],
    ['a WebSocket by flags', () => ['-h', '127.0.0.1', '-p', String(webSocketPort), '--ws']],
    ['a Unix socket', () => ['--unix', socketPath]],
    ['an address to connect from', () => [`127.0.0.1:${served.port}`, '-A', '127.0.0.1']],
    ['MQTT 3.1.1', () => [`127.0.0.1:${served.port}`, '-V', '311']],
  ])('is found so by %s', async (_way, words) => {
    const { code, text, diagnosis } = await examined(...words());
    expect({ code, diagnosis }, text).toEqual({ code: 0, diagnosis: 'All is well.' });
    for (const qos of [0, 1, 2]) expect(text).toContain(`good round trip: QoS ${qos}`);
  });

  test('has times to a tenth of a millisecond', async () => {
    const { findings } = await examined(`127.0.0.1:${served.port}`);
    const times = findings.flatMap(({ tookMs }) => (tookMs === undefined ? [] : [tookMs]));
    expect(times.length).toBeGreaterThan(3);
    for (const tookMs of times) expect(tookMs * 10).toBeCloseTo(Math.round(tookMs * 10), 6);
  });
});

describe('there is nobody', () => {
  test('of this name', async () => {
    const { code, text, diagnosis } = await examined('mqtt://nobody.invalid');
    expect(code).toBe(1);
    expect(text).toMatch(/^bad name: the name nobody\.invalid was not found \(\w+\) → /);
    expect(diagnosis).toBe('It ends at the name of the server.');
  });

  test('at this port', async () => {
    const { code, text, diagnosis } = await examined(`127.0.0.1:${await freePort()}`);
    expect(code).toBe(1);
    expect(text).toMatch(/^bad TCP: port \d+ of 127\.0\.0\.1: nothing listens there → /);
    expect(diagnosis).toBe('It ends at the network.');
  });

  test('at the address of this machine that is to be used', async () => {
    const { text } = await examined(`127.0.0.1:${served.port}`, '-A', '192.0.2.1');
    expect(text).toContain('→ This machine has no such address: look at -A.');
  });

  test('at the address of the proxy, whose password is not shown', async () => {
    const proxy = `socks5h://me:secret@127.0.0.1:${await freePort()}`;
    const { text, diagnosis } = await examined(`127.0.0.1:${served.port}`, '--proxy', proxy);
    expect(text).toMatch(
      /^bad proxy: socks5h:\/\/127\.0\.0\.1:\d+: the proxy 127\.0\.0\.1:\d+ cannot be reached.* → /,
    );
    expect(diagnosis).toBe('It ends at the proxy.');
  });
});

test('of several addresses each is tried, and one that does not work is told of', async () => {
  const { Findings } = await import('../../src/doctor/finding.ts');
  const { examineTcp } = await import('../../src/doctor/examine-tcp.ts');
  const findings = new Findings(() => {});
  const examination = {
    server: { scheme: 'mqtt', host: 'two', port: served.port, path: '', href: 'mqtt://two' },
    findings,
    timeoutMs: 700,
    signal: new AbortController().signal,
    nowMs: () => 0,
  } as unknown as Parameters<typeof examineTcp>[0];
  const addresses = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ];
  expect(await examineTcp(examination, addresses)).toBe(true);
  expect(findings.all.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    `good: port ${served.port} of 127.0.0.1 is open`,
    expect.stringMatching(/^warning: port \d+ of ::1 cannot be reached/),
  ]);
});

const hasIpv6 = await new Promise<boolean>((resolve) => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(0, '::1', () => server.close(() => resolve(true)));
});

test.skipIf(!hasIpv6)('an IPv6 address is reached in brackets', async () => {
  const listener = await served.broker.listen({ port: 0, host: '::1' });
  if (listener.address.kind !== 'tcp') throw new Error('expected a TCP port');
  expect(await examined(`mqtt://[::1]:${listener.address.port}`)).toMatchObject({ code: 0 });
});

describe('a Unix socket', () => {
  test.each([
    ['none.sock', 'there is no such socket'],
    ['a-file', 'nothing listens there|that is no socket'],
    ['a-file/mqtt.sock', 'a part of the path is no directory'],
    ['l'.repeat(120), 'the path is too long'],
  ])('that cannot be: %s', async (name, meaning) => {
    writeFileSync(join(directory, 'a-file'), '');
    const { code, text, diagnosis } = await examined('--unix', join(directory, name));
    expect(code).toBe(1);
    expect(text).toMatch(new RegExp(`^bad socket: .*: (${meaning}) → `));
    expect(diagnosis).toBe('It ends at the socket.');
  });

  test.skipIf(process.getuid?.() === 0)('that this user may not use', async () => {
    chmodSync(socketPath, 0);
    try {
      const { text } = await examined('--unix', socketPath);
      expect(text).toContain('this user may not connect to it → Who may is said by the owner and mode');
    } finally {
      chmodSync(socketPath, 0o700);
    }
  });
});

describe('what answers there is something else', () => {
  test.each(['mqtt', 'mqtts'])('a web server, to %s', async (scheme) => {
    const web = createHttpServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => web.close() });
    const { port } = web.address() as AddressInfo;
    const { code, text } = await examined(`${scheme}://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(text).toContain(`MQTT is to be had, then over WebSocket: ws://127.0.0.1:${port}, with its path`);
    if (scheme === 'mqtt') expect(text).toContain('bad CONNECT: a web server answers there →');
  });

  test('TLS, to MQTT and to WebSocket without it', async () => {
    const server = await OddServer.startTls(serverPair(), (socket) => {
      socket.pipe(connect(served.port, '127.0.0.1').on('error', () => {})).pipe(socket);
    });
    opened.push(server);
    for (const scheme of ['mqtt', 'ws']) {
      const { text } = await examined(`${scheme}://127.0.0.1:${server.port}`);
      expect(text).toContain(`It speaks MQTT over TLS there: connect to mqtts://127.0.0.1:${server.port}.`);
    }
  });

  test('MQTT, to TLS and to WebSocket', async () => {
    for (const scheme of ['mqtts', 'ws', 'wss']) {
      const { text } = await examined(`${scheme}://127.0.0.1:${served.port}`);
      expect(text, scheme).toContain(`connect to mqtt://127.0.0.1:${served.port}.`);
    }
  });

  test('SSH, which speaks first', async () => {
    const port = await odd((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const { text } = await examined(`127.0.0.1:${port}`);
    expect(text).toContain('bad CONNECT: an SSH server answers there → The port is that of another service.');
  });

  test('some text', async () => {
    const port = await odd((socket) => socket.write('220 mail.example ESMTP\r\n'));
    expect((await examined(`127.0.0.1:${port}`)).text).toContain(
      'bad CONNECT: what comes back is not MQTT →',
    );
  });

  test('nobody who says a word', async () => {
    const port = await odd(() => {});
    const { text } = await examined(`127.0.0.1:${port}`);
    expect(text).toContain(
      'bad CONNECT: the server accepts the connection and says nothing → It answers neither',
    );
    expect((await examined(`mqtts://127.0.0.1:${port}`)).text).toContain(
      'bad TLS: the handshake failed (NO_ANSWER) → Something accepts connections there and says nothing.',
    );
    expect((await examined(`ws://127.0.0.1:${port}`)).text).toContain(
      'bad WebSocket: no answer to the upgrade (NO_ANSWER) → Something accepts connections there',
    );
  });

  test('somebody who closes at once', async () => {
    const port = await odd((socket) => socket.destroy());
    const { text } = await examined(`127.0.0.1:${port}`);
    expect(text).toContain(
      'bad CONNECT: the server closes the connection without an answer → It speaks neither',
    );
  });
});

describe('a WebSocket', () => {
  test('at another path', async () => {
    const { code, text } = await examined(`ws://127.0.0.1:${webSocketPort}/elsewhere`);
    expect(code).toBe(1);
    expect(text).toMatch(/bad WebSocket: \/elsewhere answers HTTP 4\d\d.* → The path is another one: \/mqtt/);
  });

  test.each([
    [401, {}, 'A web server or proxy in front wants to know who connects'],
    [404, {}, 'There is nothing at this path.'],
    [503, {}, 'the MQTT server behind it does not'],
    [301, { location: 'https://other.example/' }, 'It sends clients to https://other.example/'],
    [200, {}, 'which does not speak WebSocket at this path'],
  ])('that a web server refuses with %i', async (status, headers, advice) => {
    const web = createHttpServer((_request, response) => response.writeHead(status, headers).end());
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => web.close() });
    const { text } = await examined(`ws://127.0.0.1:${(web.address() as AddressInfo).port}/mqtt`);
    expect(text).toContain(`/mqtt answers HTTP ${status}, and no upgrade`);
    expect(text).toContain(advice);
  });

  test('that is accepted without the subprotocol', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
    await once(server, 'listening');
    opened.push({
      close: () => {
        for (const each of server.clients) each.terminate();
        server.close();
      },
    });
    const { code, text, diagnosis } = await examined(
      `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`,
    );
    expect(code).toBe(1);
    expect(text).toContain(
      'bad WebSocket: /mqtt accepts the upgrade without a subprotocol, and not with mqtt →',
    );
    expect(diagnosis).toBe('It ends at the upgrade to WebSocket.');
  });

  test('that something in between accepts', async () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const port = await odd((socket) => socket.once('data', () => socket.write(upgrade)));
    const { text, diagnosis } = await examined(`ws://127.0.0.1:${port}/mqtt`);
    expect(text).toContain('the upgrade is not accepted as RFC 6455 says → Something in between');
    expect(diagnosis).toBe('It ends at the upgrade to WebSocket.');
  });
});
