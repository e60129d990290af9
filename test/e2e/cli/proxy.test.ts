// `martlet proxy`, as built, between Debian's clients and our broker or Debian's Mosquitto: what it shows, and each fault.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const [mosquitto, pub, sub] = [
  debianTool('mosquitto'),
  debianTool('mosquitto_pub'),
  debianTool('mosquitto_sub'),
];
const isMissing = [mosquitto, pub, sub].some(({ path }) => path === undefined);
const certificates = new URL('../../../packages/client/test/transports/certificates/', import.meta.url)
  .pathname;
const directory = mkdtempSync(join(tmpdir(), 'martlet-proxy-'));
const programs = new Programs();
let served: ServedBroker;

beforeAll(async () => {
  buildMartlet();
  served = await ServedBroker.start();
});
afterEach(() => programs.stopAll());
afterAll(async () => {
  await served.close();
  rmSync(directory, { recursive: true });
});

interface RunningProxy {
  readonly program: Program;
  readonly port: string;
  /** Ends it as Ctrl+C does. @returns its lines without times, and the summary */
  end(): Promise<{ readonly lines: readonly string[]; readonly summary: string }>;
}

async function proxy(server: readonly string[], ...words: readonly string[]): Promise<RunningProxy> {
  const program = programs.start(process.execPath, [MAIN, 'proxy', '--listen', '0', ...server, ...words]);
  const line = await program.line(/^Listening on /, 'stderr');
  const port = /^Listening on 127\.0\.0\.1:(\d+), /.exec(line)![1]!;
  return {
    program,
    port,
    end: async () => {
      program.signal('SIGINT');
      const { code, stdout, stderr } = await program.exit;
      expect(code).toBe(0);
      const lines = stdout.split('\n').map((each) => each.replace(/^\d\d:\d\d:\d\d\.\d{3} {2}/, ''));
      return { lines, summary: stderr.split('\n').at(-2)! };
    },
  };
}

const ours = (): readonly string[] => ['-p', String(served.port)];

/** mosquitto_sub, when it has subscribed. */
async function subscriber(port: string, words: readonly string[]): Promise<Program> {
  const program = programs.start('stdbuf', ['-oL', sub.path!, '-d', '-p', port, ...words]);
  await program.line(/Subscribed/);
  return program;
}

/** What it printed, without what `-d` tells. */
function messagesOf(stdout: string): readonly string[] {
  return stdout.split('\n').filter((line) => line.startsWith('>'));
}

describe.skipIf(isMissing)(`with Debian's clients ${mosquitto.label}${pub.label}${sub.label}`, () => {
  let broker: MosquittoBroker;
  beforeAll(async () => {
    broker = await MosquittoBroker.start(mosquitto.path!);
  });
  afterAll(() => broker.close());

  describe.each([
    ['our broker', ours],
    ["Debian's Mosquitto", () => ['-p', String(broker.tcpPort)]],
  ] as const)('at %s', (_name, server) => {
    test.each(['mqttv31', 'mqttv311', 'mqttv5'])(
      '%s passes at every QoS, and nothing is wrong',
      async (version) => {
        const { port, end } = await proxy(server());
        const count = ['-C', '3', '-F', '>%p'];
        const receiver = await subscriber(port, ['-V', version, '-q', '2', '-t', `all/${version}`, ...count]);
        for (const qos of ['0', '1', '2']) {
          const words = ['-p', port, '-V', version, '-q', qos, '-t', `all/${version}`, '-m', qos];
          expect((await programs.run(pub.path!, words)).code).toBe(0);
        }
        expect(messagesOf((await receiver.exit).stdout)).toEqual(['>0', '>1', '>2']);
        const { lines, summary } = await end();
        expect(summary).toMatch(
          /^4 connections, \d+ packets, 0 faults made, 0 violations of the specification seen$/,
        );
        const number = { mqttv31: 3, mqttv311: 4, mqttv5: 5 }[version];
        expect(lines.filter((line) => line.includes(`→ CONNECT version ${number} `))).toHaveLength(4);
        expect(lines.filter((line) => /← PUBCOMP id \d+ .*section 3\.7/.test(line))).toHaveLength(1);
      },
    );
  });

  test('publications that are doubled come twice at QoS 0, and once at QoS 2', async () => {
    const { port, end } = await proxy(ours(), '--duplicate', 'publish@server');
    const receiver = await subscriber(port, ['-q', '2', '-t', 'twice', '-C', '4', '-F', '>%p']);
    for (const [qos, text] of [
      ['0', 'a'],
      ['2', 'b'],
      ['0', 'c'],
    ] as const)
      expect((await programs.run(pub.path!, ['-p', port, '-q', qos, '-t', 'twice', '-m', text])).code).toBe(
        0,
      );
    expect(messagesOf((await receiver.exit).stdout)).toEqual(['>a', '>a', '>b', '>c']);
    const { lines, summary } = await end();
    expect(summary).toMatch(/, 3 faults made, 0 violations /);
    expect(lines.filter((line) => line.endsWith('DUPLICATED'))).toHaveLength(3);
  });

  test('an acknowledgement that is dropped never comes', async () => {
    const { program, port, end } = await proxy(ours(), '--drop', 'puback');
    const sender = programs.start(pub.path!, ['-p', port, '-q', '1', '-t', 'lost', '-m', 'x']);
    await program.line(/PUBACK .* DROPPED$/);
    expect(sender.child.exitCode).toBe(null);
    expect((await end()).summary).toMatch(/^1 connection, 4 packets, 1 fault made, 0 violations /);
  });

  test('a connection that is cut has its will published', async () => {
    const { program, port, end } = await proxy(ours(), '--cut-after', '4');
    const receiver = await subscriber(String(served.port), ['-t', 'will', '-C', '1', '-F', '>%p']);
    const words = ['--will-topic', 'will', '--will-payload', 'gone', '-t', 'x'];
    programs.start(sub.path!, ['-p', port, '-V', 'mqttv311', ...words]);
    await program.line(/cut after 4 packets$/);
    expect(messagesOf((await receiver.exit).stdout)).toEqual(['>gone']);
    await end();
  });

  test('a slow and uneven network keeps the order, and loses nothing', async () => {
    const { port, end } = await proxy(ours(), '--delay', '20ms', '--jitter', '20ms');
    const receiver = await subscriber(port, ['-q', '1', '-t', 'slow', '-C', '200', '-F', '>%p']);
    const sender = programs.start(pub.path!, ['-p', port, '-q', '1', '-t', 'slow', '-l']);
    const numbers = Array.from({ length: 200 }, (_, i) => String(i));
    sender.child.stdin!.end(`${numbers.join('\n')}\n`);
    expect((await sender.exit).code).toBe(0);
    expect(messagesOf((await receiver.exit).stdout)).toEqual(numbers.map((number) => `>${number}`));
    expect((await end()).summary).toMatch(/, 0 violations /);
  });

  test('a server with TLS, and a capture that is not encrypted', async () => {
    const tls = await freePort();
    const secure = await MosquittoBroker.start(mosquitto.path!, [
      `listener ${tls} 127.0.0.1`,
      `certfile ${certificates}server.pem`,
      `keyfile ${certificates}server.key.pem`,
    ]);
    try {
      const file = join(directory, 'out.pcapng');
      const server = ['-L', `mqtts://localhost:${tls}`, '--cafile', `${certificates}ca.pem`];
      const { port, end } = await proxy(server, '--pcap', file, '--ndjson');
      const words = ['-p', port, '-q', '1', '-t', 'over/tls', '-m', 'in the clear'];
      expect((await programs.run(pub.path!, words)).code).toBe(0);
      const { lines } = await end();
      const packets = lines
        .filter((line) => line.includes('"packet"'))
        .map((line) => JSON.parse(line).packet);
      expect(packets.map(({ type }) => type)).toEqual([
        'connect',
        'connack',
        'publish',
        'puback',
        'disconnect',
      ]);
      const capture = readFileSync(file);
      expect(capture.readUInt32BE(0)).toBe(0x0a0d0d0a);
      expect(capture.includes('in the clear')).toBe(true);
    } finally {
      await secure.close();
    }
  });
});

test('a connection that is half open is found out by the keep alive of the client', async () => {
  const { program, port, end } = await proxy(ours(), '--half-open-after', '2');
  const client = connect({ url: `mqtt://127.0.0.1:${port}`, keepAlive: 1, reconnect: false });
  await client.connected();
  const error = await new Promise((resolve) => client.on('closed', resolve));
  expect(error).toMatchObject({ code: expect.stringMatching(/./) });
  await program.line(/PINGREQ .* SWALLOWED$/);
  await program.line(/nothing passes, nothing is closed$/);
  await end();
});

test('many connections at once', async () => {
  const { port, end } = await proxy(ours());
  const clients = Array.from({ length: 200 }, () => connect({ url: `mqtt://127.0.0.1:${port}` }));
  await Promise.all(clients.map((client) => client.connected()));
  await Promise.all(clients.map((client) => client.publish('many', 'x', { qos: 1 }).acknowledged));
  await Promise.all(clients.map((client) => client.close()));
  expect((await end()).summary).toBe(
    '200 connections, 1,000 packets, 0 faults made, 0 violations of the specification seen',
  );
});

test('a server that is not there: each client is told by the end of its connection, and the proxy stays', async () => {
  const { program, port, end } = await proxy(['-p', String(await freePort())]);
  for (let i = 0; i < 2; i++) {
    const socket = connectSocket(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('close', resolve));
  }
  await program.line(/#2 .*ECONNREFUSED|#2 .*refused/);
  expect((await end()).summary).toMatch(/^2 connections, 0 packets/);
});

test('a pipe that nobody reads any more ends it quietly', async () => {
  const line = `"${process.execPath}" "${MAIN}" proxy --listen 0 -p ${served.port} | head -1`;
  const program = programs.start('bash', ['-o', 'pipefail', '-c', line]);
  const listening = await program.line(/^Listening on /, 'stderr');
  const socket = connectSocket(Number(/:(\d+), /.exec(listening)![1]), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(Buffer.from('100d00044d51545404020000000161', 'hex'));
  // A PINGREQ for each answer, until there is none.
  socket.on('data', () => socket.write(Buffer.of(0xc0, 0)));
  const { code, stdout, stderr } = await program.exit;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\S+ {2}#1 → a client has connected from .*\n$/);
  expect(stderr).toBe(`${listening}\n`);
});

test('what is not MQTT passes both ways', async () => {
  const echo = createServer((socket: Socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const address = echo.address();
  const { program, port, end } = await proxy([
    '-p',
    String(typeof address === 'object' ? address?.port : ''),
  ]);
  const socket = connectSocket(Number(port), '127.0.0.1');
  // A Remaining Length that is none.
  const bytes = Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
  socket.write(bytes);
  const answer: Buffer[] = [];
  await new Promise<void>((resolve) => {
    socket.on('data', (part) => {
      answer.push(part);
      if (Buffer.concat(answer).length === bytes.length) resolve();
    });
  });
  expect(Buffer.concat(answer).equals(bytes)).toBe(true);
  await program.line(/→ cannot be read: /);
  socket.destroy();
  await end();
  await new Promise((resolve) => echo.close(resolve));
});

test.each([
  [
    ['--listen', 'x'],
    2,
    /--listen: expected a port, or address:port, such as 1884 or 0\.0\.0\.0:1884, got 'x'/,
  ],
  [['--drop', 'pubak'], 2, /did you mean puback\?/],
  [['--dely', '1s'], 2, /did you mean '?--delay'?\?/],
  [['--listen', '0', '--pcap', '/nowhere/x'], 1, /\/nowhere\/x/],
] as const)('says what is wrong in one line: %j', async (words, code, text) => {
  const exit = await programs.run(process.execPath, [MAIN, 'proxy', ...words]);
  expect(exit).toMatchObject({ code, stdout: '' });
  const lines = exit.stderr.trim().split('\n');
  expect(lines.at(-1)).toMatch(text);
});

test('says that a port is taken', async () => {
  const exit = await programs.run(process.execPath, [MAIN, 'proxy', '--listen', String(served.port)]);
  expect(exit).toMatchObject({
    code: 1,
    stderr: `martlet proxy: cannot listen on 127.0.0.1:${served.port}: something listens there already; --listen takes another port\n`,
  });
});
