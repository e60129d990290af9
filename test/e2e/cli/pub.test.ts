// `martlet pub` beside Debian's mosquitto_pub: the same arguments at two brokers, and what mosquitto_sub receives.

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');
const broker = debianTool('mosquitto');
const isMissing = pub.path === undefined || sub.path === undefined || broker.path === undefined;

/** Nothing that a machine has of its own may count. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ROOM: 'hall' };

const FORMAT = 'GOT %t|%q|%r|%l|%x|%C|%R|%D|%P|%E|%F';
const LINES = 'one\n\nthree\r\nünï\nlast';

interface Case {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Only MQTT 5 has it. */
  readonly isV5?: true;
}

const CASES: readonly Case[] = [
  { args: ['-t', 'm/message', '-m', 'ün payload'] },
  { args: ['-t', 'm/empty', '-m', ''] },
  { args: ['-t', 'm/null', '-n'] },
  { args: ['-t', 'm/stdin', '-s'], stdin: 'two\nlines\n' },
  { args: ['-t', 'm/lines', '-l'], stdin: LINES },
  { args: ['-t', 'm/no-lines', '-l'], stdin: '' },
  { args: ['-t', 'm/one-line', '-l'], stdin: 'without an end' },
  { args: ['-t', 'm/repeat', '-m', 'again', '--repeat', '3'] },
  { args: ['-t', 'm/delay', '-m', 'again', '--repeat', '2', '--repeat-delay', '0.05'] },
  { args: ['-t', 'm/repeat-null', '-n', '--repeat', '2'] },
  { args: ['-t', 'm/retain', '-m', 'kept', '-r'] },
  { args: ['-t', 'm/retain', '-n', '-r'] },
  { args: ['-m', 'x', '-x', '5', '-t', 'm/session'], isV5: true },
  {
    isV5: true,
    args: [
      ...['-t', 'm/properties', '-m', 'x', '-D', 'publish', 'content-type', 'text/plain'],
      ...['-D', 'publish', 'user-property', 'a', '1', '-D', 'publish', 'user-property', 'a', 'ü 2'],
      ...['-D', 'publish', 'correlation-data', 'key', '-D', 'publish', 'response-topic', 'r/t'],
      ...[
        '-D',
        'publish',
        'message-expiry-interval',
        '100000',
        '-D',
        'publish',
        'payload-format-indicator',
        '1',
      ],
      ...['-D', 'connect', 'user-property', 'c', 'd', '-D', 'disconnect', 'user-property', 'e', 'f'],
      ...['-D', 'connect', 'receive-maximum', '9', '-D', 'publish', 'topic-alias', '1'],
    ],
  },
];

/** What is refused before there is a connection, and how mosquitto_pub says it. */
const REFUSED: readonly (readonly string[])[] = [
  ['-t', 'a'],
  ['-m', 'x'],
  ['-t', 'a', '-m', 'x', '-n'],
  ['-t', 'a', '-m', 'x', '-m', 'y'],
  ['-t', 'a', '-n', '-n'],
  ['-t', 'a', '-l', '-s'],
  ['-t', 'a/#', '-m', 'x'],
  ['-t', 'a/+/b', '-m', 'x'],
  ['-t', 'a', '-m'],
  ['-t'],
  ['-t', 'a', '-f'],
  ['-t', 'a', '-m', 'x', '-q', '3'],
  ['-t', 'a', '-m', 'x', '-q'],
  ['-t', 'a', '-m', 'x', '--repeat', '0'],
  ['-t', 'a', '-m', 'x', '--repeat'],
  ['-t', 'a', '-m', 'x', '--repeat-delay', '-1'],
  ['-t', 'a', '-m', 'x', '--repeat-delay'],
  ['-t', 'a', '-m', 'x', '-D'],
  ['-t', 'a', '-m', 'x', '-D', 'publish', 'user-property', 'a'],
  ['-t', 'a', '-m', 'x', '-D', 'publsh', 'content-type', 'a'],
  ['-t', 'a', '-m', 'x', '-D', 'publish', 'content', 'a'],
  ['-t', 'a', '-m', 'x', '-D', 'connect', 'content-type', 'a'],
  ['-t', 'a', '-m', 'x', '-D', 'publish', 'message-expiry-interval', '-1'],
  ['-t', 'a', '-m', 'x', '-D', 'publish', 'payload-format-indicator', '300'],
  ['-t', 'a', '-m', 'x', '-D', 'connect', 'receive-maximum', '65536'],
  ['-t', 'a', '-m', 'x', '-W', '5'],
];

describe.skipIf(isMissing)(`martlet pub and mosquitto_pub ${pub.label}`, () => {
  const programs = new Programs();
  let directory: string;
  /** Our command under the name of theirs. */
  let link: string;
  let served: ServedBroker;
  let mosquitto: MosquittoBroker;

  beforeAll(async () => {
    buildMartlet();
    directory = mkdtempSync(join(tmpdir(), 'martlet-pub-'));
    link = join(directory, 'mosquitto_pub');
    symlinkSync(MAIN, link);
    const acl = join(directory, 'acl');
    writeFileSync(acl, 'topic readwrite m/#\ntopic read no/#\n');
    served = await ServedBroker.start();
    mosquitto = await MosquittoBroker.start(broker.path!, [`acl_file ${acl}`, 'max_packet_size 100000']);
  });
  afterEach(() => programs.stopAll());
  afterAll(async () => {
    await served.close();
    await mosquitto.close();
    rmSync(directory, { recursive: true });
  });

  const at = (port: number): readonly string[] => ['-h', '127.0.0.1', '-p', String(port)];

  function run(which: 'ours' | 'theirs' | 'link', args: readonly string[], stdin = ''): Promise<Exit> {
    const command = which === 'theirs' ? pub.path! : process.execPath;
    const first = which === 'theirs' ? [] : which === 'link' ? [link] : [MAIN, 'pub'];
    const program = programs.start(command, [...first, ...args], { env: ENVIRONMENT, cwd: directory });
    program.child.stdin!.on('error', () => {}).end(stdin);
    return program.exit;
  }

  /** A subscriber whose subscription holds: it has been given what was retained. */
  async function subscriber(port: number): Promise<Program> {
    await run('theirs', [...at(port), '-t', 'm/begin', '-m', 'x', '-r', '-q', '1']);
    const program = programs.start(
      sub.path!,
      [...at(port), '-V', 'mqttv5', '-q', '2', '-F', FORMAT, '-t', 'm/#'],
      { env: ENVIRONMENT },
    );
    await program.line(/^GOT m\/begin/);
    return program;
  }

  async function received(program: Program, port: number): Promise<readonly string[]> {
    await run('theirs', [...at(port), '-t', 'm/end', '-n', '-q', '2']);
    await program.line(/^GOT m\/end/);
    return program.stdout
      .split('\n')
      .filter((line) => line.startsWith('GOT m') && !/^GOT m\/(begin|end)/.test(line));
  }

  test.each([
    ['Martlet', 'mqttv311', '0'],
    ['Martlet', 'mqttv311', '2'],
    ['Martlet', 'mqttv5', '0'],
    ['Martlet', 'mqttv5', '1'],
    ['Mosquitto', 'mqttv311', '1'],
    ['Mosquitto', 'mqttv5', '0'],
    ['Mosquitto', 'mqttv5', '2'],
  ])('bring the same messages to a subscriber at %s with %s at QoS %s', async (name, version, qos) => {
    const port = name === 'Martlet' ? served.port : mosquitto.tcpPort;
    const cases = CASES.filter(({ isV5 }) => version === 'mqttv5' || isV5 === undefined);
    const all: (readonly string[])[] = [];
    for (const which of ['theirs', 'ours'] as const) {
      const program = await subscriber(port);
      for (const { args, stdin } of cases) {
        const exit = await run(which, [...at(port), '-V', version, '-q', qos, ...args], stdin);
        expect(exit, `${which} ${args.join(' ')}`).toMatchObject({ code: 0, stdout: '', stderr: '' });
      }
      all.push(await received(program, port));
      await program.stop();
    }
    expect(all[1]!.length).toBeGreaterThan(cases.length);
    expect(all[1]).toEqual(all[0]);
  });

  test.each(REFUSED.map((args) => [args.join(' '), args]))(
    'refuse with the same words: %s',
    async (_text, args) => {
      const [theirs, ours, named] = await Promise.all([
        run('theirs', ['-p', '1', ...args]),
        run('ours', ['-p', '1', ...args]),
        run('link', ['-p', '1', ...args]),
      ]);
      const errorOf = ({ stderr, stdout }: Exit): string | undefined =>
        /^Error.*$/m.exec(`${stderr}${stdout}`)?.[0].trim();
      expect(errorOf(theirs)).toBeDefined();
      expect(errorOf(named)).toBe(errorOf(theirs));
      expect(named.code).toBe(theirs.code);
      expect(ours).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/^martlet pub: .+\n$/),
      });
    },
  );

  test('tell of a message that the server refuses, each with its exit code', async () => {
    const args = [...at(mosquitto.tcpPort), '-V', 'mqttv5', '-t', 'no/x', '-m', 'x'];
    for (const qos of ['1', '2']) {
      const theirs = await run('theirs', [...args, '-q', qos]);
      expect(await run('link', [...args, '-q', qos])).toEqual(theirs);
      expect(theirs).toMatchObject({ code: 0, stderr: 'Warning: Publish 1 failed: Not authorized.\n' });
      expect(await run('ours', [...args, '-q', qos])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^martlet pub: expected the server to take a message to no\/x, got /),
      });
      expect(await run('link', [...args, '-q', qos, '--quiet'])).toMatchObject({ code: 0, stderr: '' });
    }
    const lines = await run(
      'ours',
      [...at(mosquitto.tcpPort), '-V', '5', '-t', 'no/x', '-q', '1', '-l'],
      'x\n'.repeat(25),
    );
    expect(lines.code).toBe(1);
    expect(lines.stderr.trim().split('\n')).toHaveLength(11);
    expect(lines.stderr).toContain('15 more messages came to nothing');
  });

  test('end when the server cuts the connection over a message, with the exit code 7', async () => {
    writeFileSync(join(directory, 'long'), Buffer.alloc(200_000));
    const args = [...at(mosquitto.tcpPort), '-t', 'm/long', '-f', 'long', '-q', '1'];
    expect((await run('theirs', args)).code).toBe(7);
    expect(await run('ours', args)).toMatchObject({
      code: 7,
      stderr: expect.stringMatching(/^martlet pub: .*\n$/),
    });
    // With MQTT 5 the server says how long a packet may be.
    const v5 = await run('ours', [...args, '-V', '5']);
    expect(v5).toMatchObject({ code: 1, stderr: expect.stringContaining('at most 100000 bytes') });
  });

  test('say what is wrong with input that cannot be read', async () => {
    const place = at(served.port);
    expect(await run('ours', [...place, '-t', 'a', '-f', 'absent'])).toMatchObject({
      code: 1,
      stderr: 'martlet pub: absent: there is no such file or directory\n',
    });
    const theirs = await run('theirs', [...place, '-t', 'a', '-s']);
    const ours = await run('ours', [...place, '-t', 'a', '-s']);
    expect([theirs.code, ours.code]).toEqual([1, 1]);
    expect(ours.stderr).toBe(
      'martlet pub: standard input: expected a message, got nothing; -n sends an empty one\n',
    );
  });
});
