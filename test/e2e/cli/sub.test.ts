// `martlet sub` as people start it: its flags, how it ends, and what it leaves at the server.

import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import type { Client } from '@martlet/client';
import { connect } from '@martlet/client';
import type { ReasonCode } from '@martlet/protocol';
import { decodePacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const mosquitto = debianTool('mosquitto');
const theirSub = debianTool('mosquitto_sub');
const programs = new Programs();
let served: ServedBroker;
let client: Client;
let directory: string;
let mosquittoSub: string;

beforeAll(async () => {
  buildMartlet();
  directory = mkdtempSync(join(tmpdir(), 'martlet-sub-'));
  mosquittoSub = join(directory, 'mosquitto_sub');
  symlinkSync(MAIN, mosquittoSub);
  served = await ServedBroker.start();
  client = connect(`mqtt://127.0.0.1:${served.port}`);
  await client.connected();
});
afterEach(() => programs.stopAll());
afterAll(async () => {
  await client.close();
  await served.close();
  rmSync(directory, { recursive: true, force: true });
});

const at = (port = served.port): readonly string[] => ['-h', '127.0.0.1', '-p', String(port)];

function sub(...args: readonly string[]): Program {
  return programs.start(process.execPath, [MAIN, 'sub', ...at(), ...args]);
}

/** Under Mosquitto's name. */
function asMosquitto(port: number, ...args: readonly string[]): Program {
  return programs.start(process.execPath, [mosquittoSub, ...at(port), ...args]);
}

/** Fulfils when its subscription holds. */
async function subscribed(topicFilter: string, ...args: readonly string[]): Promise<Program> {
  const isSubscribed = served.next('subscribed', (event) => event.topicFilter === topicFilter);
  const program = sub('-t', topicFilter, ...args);
  const early = program.exit.then((exit) => {
    throw new Error(`expected a subscriber, got its end: ${JSON.stringify(exit)}`);
  });
  await Promise.race([isSubscribed, early]);
  early.catch(() => {});
  return program;
}

describe('martlet sub', () => {
  test('ends after the messages of -C, and prints no other', async () => {
    const program = await subscribed('count', '-C', '2');
    for (const text of ['1', '2', '3']) await client.publish('count', text);
    expect(await program.exit).toMatchObject({ code: 0, stdout: '1\n2\n', stderr: '' });
  });

  test.each([
    ['311', '1'],
    ['311', '2'],
    ['5', '1'],
    ['5', '2'],
  ])('leaves what it does not print in the session, MQTT %s, QoS %s', async (version, qos) => {
    const topicName = `session/${version}/${qos}`;
    const session = ['-V', version, '-c', '-i', `keeper-${version}-${qos}`, '-q', qos, '-t', topicName];
    const end = ['-E', ...(version === '5' ? ['-x', '1000'] : [])];
    expect(await sub(...session, ...end).exit).toMatchObject({ code: 0, stdout: '' });
    for (let i = 1; i <= 7; i++) await client.publish(topicName, String(i), { qos: 2 });
    let stdout = '';
    for (const count of ['2', '1', '4']) {
      const exit = await sub(...session, '-C', count, ...(version === '5' ? ['-x', '1000'] : [])).exit;
      expect(exit).toMatchObject({ code: 0, stderr: '' });
      stdout += exit.stdout;
    }
    expect(stdout).toBe('1\n2\n3\n4\n5\n6\n7\n');
  });

  test('ends with 27 when the time of -W is over', async () => {
    expect(await sub('-t', 'silent', '-W', '1').exit).toMatchObject({
      code: 27,
      stdout: '',
      stderr: 'martlet sub: the 1 s of -W are over\n',
    });
    expect(await asMosquitto(served.port, '-t', 'silent', '-W', '1').exit).toMatchObject({
      code: 27,
      stderr: 'Timed out\n',
    });
    expect(await sub('-t', 'silent', '-W', '1', '--quiet').exit).toMatchObject({ code: 27, stderr: '' });
  });

  test('prints a message once that matches several filters, and leaves out those of -T', async () => {
    const program = await subscribed(
      'over/+/b',
      '-t',
      'over/#',
      '-t',
      'over/a/b',
      '-T',
      'over/c/#',
      '-v',
      '-C',
      '2',
    );
    await client.publish('over/c/b', 'no');
    await client.publish('over/a/b', '1');
    await client.publish('over/x/b', '2');
    expect(await program.exit).toMatchObject({ code: 0, stdout: 'over/a/b 1\nover/x/b 2\n' });
  });

  test('prints only retained messages, or only the others, and removes them', async () => {
    for (const level of ['a', 'b', 'c'])
      await client.publish(`kept/${level}`, level, { retain: true, qos: 1 });
    const fresh = await subscribed('kept/#', '-R', '-C', '1');
    await client.publish('kept/d', 'fresh', { qos: 1 });
    expect((await fresh.exit).stdout).toBe('fresh\n');
    const only = await subscribed('kept/#', '--retained-only');
    await client.publish('kept/d', 'fresh', { qos: 1 });
    expect(await only.exit).toMatchObject({ code: 0, stdout: 'a\nb\nc\n' });
    const remove = sub('-t', 'kept/#', '-T', 'kept/b', '--remove-retained', '-C', '2');
    expect(await remove.exit).toMatchObject({ code: 0, stdout: 'a\nc\n' });
    expect((await sub('-t', 'kept/#', '-v', '-W', '1').exit).stdout).toBe('kept/b b\n');
  });

  test('takes a subscription of its session back', async () => {
    const session = ['-c', '-i', 'leaver', '-q', '1'];
    expect(await sub(...session, '-t', 'leave/a', '-t', 'leave/b', '-E').exit).toMatchObject({ code: 0 });
    expect(await sub(...session, '-U', 'leave/a', '-E').exit).toMatchObject({ code: 0 });
    await client.publish('leave/a', 'a', { qos: 1 });
    await client.publish('leave/b', 'b', { qos: 1 });
    expect(await sub(...session, '-t', 'leave/b', '-C', '1').exit).toMatchObject({ stdout: 'b\n' });
  });

  test('sends the properties of -D, and shows what the server makes of them', async () => {
    const program = await subscribed(
      'properties',
      ...['-D', 'subscribe', 'subscription-identifier', '7', '-D', 'subscribe', 'user-property', 'a', 'b'],
      ...['-F', '%S %p', '-C', '1'],
    );
    await client.publish('properties', 'on');
    expect(await program.exit).toMatchObject({ code: 0, stdout: '7 on\n' });
  });

  test('has no identifiers of its own, of client, message or subscription', async () => {
    const program = await subscribed('bare', '-V', '5', '-q', '2', '-F', '%j', '-C', '1');
    await client.publish('bare', 'on', { qos: 2 });
    const { tst: _, ...message } = JSON.parse((await program.exit).stdout) as Record<string, unknown>;
    expect(message).toEqual({ topic: 'bare', qos: 2, retain: 0, payloadlen: 2, mid: 1, payload: 'on' });
  });

  test('writes to a file that is emptied first, and says why it cannot', async () => {
    const file = join(directory, 'out.txt');
    for (const text of ['a longer first one', 'short']) {
      const program = await subscribed('file', '--output-file', file, '-C', '1');
      await client.publish('file', text);
      expect(await program.exit).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(readFileSync(file, 'utf8')).toBe(`${text}\n`);
    }
    expect(await sub('-t', 'file', '--output-file', join(directory, 'no', 'file')).exit).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no such file or directory'),
    });
  });

  test('prints NDJSON from which pub makes the same messages again', async () => {
    const copied = await subscribed('to/#', '-F', '%t %q %x %C %P', '-q', '2', '-V', '5', '-C', '2');
    const source = await subscribed('from/#', '--ndjson', '-q', '2', '-V', '5', '-C', '2');
    await client.publish('from/a', Uint8Array.of(0xff, 0, 10), { qos: 1, contentType: 'x/y' });
    await client.publish('from/b', 'ü\n"', { qos: 2, userProperties: [['k', 'v']] });
    const lines = (await source.exit).stdout.replaceAll('"from/', '"to/');
    const pub = programs.start(process.execPath, [MAIN, 'pub', ...at(), '--ndjson']);
    pub.child.stdin!.end(lines);
    expect(await pub.exit).toMatchObject({ code: 0, stderr: '' });
    expect((await copied.exit).stdout).toBe('to/a 1 ff000a x/y \nto/b 2 c3bc0a22  k:v\n');
  });

  test('ends with a signal as shells expect, and as Mosquitto’s tools do under their name', async () => {
    const ours = await subscribed('signal', '-v');
    await client.publish('signal', '1');
    await ours.line(/^signal 1$/);
    ours.signal('SIGINT');
    expect(await ours.exit).toMatchObject({ code: 130, stdout: 'signal 1\n', stderr: '' });
    const isSubscribed = served.next('subscribed', (event) => event.topicFilter === 'signal');
    const theirs = asMosquitto(served.port, '-t', 'signal');
    await isSubscribed;
    theirs.signal('SIGTERM');
    expect(await theirs.exit).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('ends quietly when nobody reads any more', async () => {
    const isSubscribed = served.next('subscribed', (event) => event.topicFilter === 'pipe');
    const command = `"${process.execPath}" "${MAIN}" sub ${at().join(' ')} -t pipe | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const shell = programs.start('bash', ['-c', command]);
    await isSubscribed;
    const stop = setInterval(() => void client.publish('pipe', 'again'), 20);
    const exit = await shell.exit;
    clearInterval(stop);
    expect(exit).toMatchObject({ stdout: 'again\n0\n', stderr: '' });
  });

  test('tells with -d what mosquitto_sub tells', async ({ skip }) => {
    if (theirSub.path === undefined) skip(theirSub.label);
    const args = ['-d', '-i', 'told', '-t', 'told/#', '-t', 'other', '-E'];
    const theirs = programs.start(theirSub.path!, [...at(), ...args]).exit;
    const { stdout, code } = await theirs;
    expect(stdout).toContain('Subscribed (mid: 1): 0, 0');
    expect(await asMosquitto(served.port, ...args).exit).toMatchObject({ code, stdout });
  });

  test('says so when the disk is full', async () => {
    await client.publish('full', 'kept', { qos: 1, retain: true });
    const place = at().join(' ');
    for (const output of ['> /dev/full', '--output-file /dev/full']) {
      const command = `"${process.execPath}" "${MAIN}" sub ${place} -t full -C 1 ${output}`;
      expect(await programs.run('bash', ['-c', command])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^martlet sub: .*: no space is left on its disk.*\n$/),
      });
    }
  });

  test('shows each topic on a line of its own on a terminal', async () => {
    const isSubscribed = served.next('subscribed', (event) => event.topicFilter === 'watch/#');
    const line = `"${process.execPath}" "${MAIN}" sub ${at().join(' ')} -t 'watch/#' --watch -v -C 3`;
    const terminal = programs.start('script', ['-qec', line, '/dev/null']);
    await isSubscribed;
    await client.publish('watch/a', '1');
    await client.publish('watch/b', '2\n3');
    await client.publish('watch/a', '4');
    const { stdout } = await terminal.exit;
    expect(stdout).toContain('\u001b[1;1Hwatch/a 1 \u001b[K');
    expect(stdout).toContain('\u001b[2;1Hwatch/b 2 3 \u001b[K');
    expect(stdout).toContain('\u001b[1;1Hwatch/a 4 \u001b[K');
    expect(stdout.endsWith('\u001b[3;1H\u001b[?7h')).toBe(true);
  });

  test.each([
    [['-t', 'a/#/b'], "-t: expected a topic filter, got 'a/#/b': it has a # that is not its last character"],
    [[], 'expected a topic to subscribe to (-t), got none'],
    [['-t', 'a', '-C', '0'], "-C: expected a whole number from 1 to 2147483647, got '0'"],
    [['-t', 'a', '--ndjson', '--csv'], 'expected one of --ndjson and --csv, got both'],
    [['-t', 'a', '--csv', '-N'], '--csv: expected it without -N: programs read it line by line'],
    [['-t', 'a', '--retain-only'], "unknown option '--retain-only'; did you mean --retained-only?"],
  ])('says what is wrong with %j in one line', async (args, text) => {
    expect(await sub(...args).exit).toMatchObject({ code: 2, stdout: '', stderr: `martlet sub: ${text}\n` });
  });
});

describe('martlet sub, when the server', () => {
  /** A server that answers SUBSCRIBE with these reason codes. */
  async function refusing(version: 4 | 5, reasonCodes: readonly ReasonCode[]): Promise<Server> {
    const server = createServer((socket) => answer(socket, version, reasonCodes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  function answer(socket: Socket, version: 4 | 5, reasonCodes: readonly ReasonCode[]): void {
    const onFrame = (bytes: Uint8Array, start: number, body: number, end: number): FrameResult => {
      const packet = decodePacket(bytes, start, body, end, version);
      if (packet.type === 'connect')
        socket.write(
          encodePacket({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} }, version),
        );
      else if (packet.type === 'subscribe')
        socket.write(
          encodePacket({ type: 'suback', packetId: packet.packetId, reasonCodes, properties: {} }, version),
        );
      return FrameResult.Next;
    };
    const stream = new PacketStream({ onFrame, onShown: () => {} }, 1_000_000);
    socket.on('data', (bytes) => stream.receive(bytes, 0, bytes.length)).on('error', () => {});
  }

  const portOf = (server: Server): number => (server.address() as { port: number }).port;

  test('says nothing at all, ends with 27 when the time of -W is over', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const words = [...at(portOf(silent)), '-t', 'a', '-W', '1'];
    const ours = programs.start(process.execPath, [MAIN, 'sub', ...words]);
    expect(await ours.exit).toMatchObject({ code: 27, stderr: 'martlet sub: the 1 s of -W are over\n' });
    silent.close();
  });

  test('refuses all filters, ends with 1 and each reason, and with 0 and their words under their name', async () => {
    const server = await refusing(5, [0x87, 0x8f]);
    const filters = ['-V', '5', '-t', 'a', '-t', 'b'];
    const ours = programs.start(process.execPath, [MAIN, 'sub', ...at(portOf(server)), ...filters]);
    expect(await ours.exit).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/subscription to a: .*\n.*subscription to b: .*\n$/),
    });
    expect(await asMosquitto(portOf(server), ...filters).exit).toMatchObject({
      code: 0,
      stderr: 'All subscription requests were denied.\n',
    });
    server.close();
  });

  test('refuses some filters, goes on with the others', async () => {
    const server = await refusing(4, [0x80, 1]);
    const args = [...at(portOf(server)), '-V', '311', '-t', 'a', '-t', 'b', '-E'];
    expect(await programs.start(process.execPath, [MAIN, 'sub', ...args]).exit).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^martlet sub: the server refuses the subscription to a: .*\n$/),
    });
    server.close();
  });

  test('starts again, subscribes again and goes on', async () => {
    const first = createBroker();
    const listener = await first.listen({ port: 0 });
    const { port } = listener.address as { port: number };
    const isThere = subscribedAt(first);
    const program = programs.start(process.execPath, [MAIN, 'sub', ...at(port), '-t', 'again', '-C', '1']);
    await isThere;
    await first.close();
    await program.line(/trying again in/, 'stderr');
    const second = createBroker();
    const isBack = subscribedAt(second);
    await second.listen({ port });
    await isBack;
    const publisher = connect(`mqtt://127.0.0.1:${port}`);
    await publisher.publish('again', 'back', { qos: 1 });
    expect(await program.exit).toMatchObject({
      code: 0,
      stdout: 'back\n',
      stderr: expect.stringContaining('martlet sub: connected again\n'),
    });
    await publisher.close();
    await second.close();
  });

  function subscribedAt(broker: Broker): Promise<void> {
    return new Promise((resolve) => broker.on('subscribed', () => resolve()));
  }

  test('sends a message of 20 MB, prints all of it', async ({ skip }) => {
    if (mosquitto.path === undefined) skip(mosquitto.label);
    const broker = await MosquittoBroker.start(mosquitto.path!);
    try {
      const publisher = connect(`mqtt://127.0.0.1:${broker.tcpPort}`);
      const payload = 'x'.repeat(20_000_000);
      await publisher.publish('long', payload, { qos: 1, retain: true });
      await publisher.close();
      for (const version of ['311', '5']) {
        const args = [...at(broker.tcpPort), '-V', version, '-t', 'long', '-C', '1', '-F', '%l %p', '-N'];
        const exit = await programs.start(process.execPath, [MAIN, 'sub', ...args]).exit;
        expect(exit.stdout === `20000000 ${payload}`).toBe(true);
      }
    } finally {
      await broker.close();
    }
  });

  test('is Debian’s, leaves in the session what is not printed', async ({ skip }) => {
    if (mosquitto.path === undefined) skip(mosquitto.label);
    const broker = await MosquittoBroker.start(mosquitto.path!);
    try {
      const session = ['-V', '5', '-x', '1000', '-c', '-i', 'keeper', '-q', '1', '-t', 'kept/#'];
      const run = (...args: readonly string[]): Promise<{ readonly stdout: string }> =>
        programs.start(process.execPath, [MAIN, 'sub', ...at(broker.tcpPort), ...session, ...args]).exit;
      await run('-E');
      const publisher = connect(`mqtt://127.0.0.1:${broker.tcpPort}`);
      for (let i = 1; i <= 5; i++) await publisher.publish('kept/a', String(i), { qos: 1 });
      await publisher.close();
      expect((await run('-C', '2')).stdout).toBe('1\n2\n');
      expect((await run('-C', '3')).stdout).toBe('3\n4\n5\n');
    } finally {
      await broker.close();
    }
  });
});
