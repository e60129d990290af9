// How `martlet pub` connects, beside Debian's mosquitto_pub: the same flags at the same listeners, and the exit codes of both.
// Then what mosquitto_pub cannot do: passwords from the terminal, WebSocket, Unix sockets of our broker, signals.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit } from '../program.ts';
import { Programs } from '../program.ts';

const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-connection-'));
const certificates = new URL('../../../packages/client/test/transports/certificates/', import.meta.url)
  .pathname;
const [ca, cert, key, serverKey, serverCert] = [
  'ca.pem',
  'client.pem',
  'client.key.pem',
  'server.key.pem',
  'server.pem',
].map((name) => certificates + name) as [string, string, string, string, string];

const server = debianTool('mosquitto');
const pub = debianTool('mosquitto_pub');
const passwd = debianTool('mosquitto_passwd');
const isMissing = [server, pub, passwd].some(({ path }) => path === undefined);
const [link, socket] = [join(directory, 'mosquitto_pub'), join(directory, 'mqtt.sock')];

beforeAll(() => {
  buildMartlet();
  symlinkSync(MAIN, link);
  mkdirSync(settings);
});
afterEach(() => programs.stopAll());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Nothing of the one who runs the tests: no options file, no password. */
const settings = join(directory, 'settings');
const env = { PATH: process.env['PATH'], HOME: settings, XDG_CONFIG_HOME: settings, NO_COLOR: '1' };

function martlet(...words: readonly string[]): Promise<Exit> {
  return programs.run(process.execPath, [MAIN, ...words], { env });
}

describe.skipIf(isMissing)(`martlet pub and mosquitto_pub ${server.label}${pub.label}${passwd.label}`, () => {
  const ports = { plain: 0, ws: 0, tls: 0, clientTls: 0, psk: 0, password: 0, none: 1 };
  const brokers: MosquittoBroker[] = [];

  beforeAll(async () => {
    const passwords = join(directory, 'passwords');
    expect((await programs.run(passwd.path!, ['-c', '-b', passwords, 'ann', 'secret'])).code).toBe(0);
    writeFileSync(join(directory, 'psk'), 'me:0123abcd\n');
    // Mosquitto may run as another user.
    for (const [name, mode] of [
      ['.', 0o755],
      ['passwords', 0o644],
      ['psk', 0o644],
    ] as const)
      chmodSync(join(directory, name), mode);
    [ports.tls, ports.clientTls, ports.psk] = [await freePort(), await freePort(), await freePort()];
    const tls = [`cafile ${ca}`, `certfile ${serverCert}`, `keyfile ${serverKey}`];
    const open = await MosquittoBroker.start(server.path!, [
      ...[`listener ${ports.tls} 127.0.0.1`, ...tls],
      ...[`listener ${ports.clientTls} 127.0.0.1`, ...tls, 'require_certificate true'],
      ...[`listener ${ports.psk} 127.0.0.1`, 'psk_hint h', `psk_file ${join(directory, 'psk')}`],
      `listener 0 ${socket}`,
    ]);
    const closed = await MosquittoBroker.start(server.path!, [
      'allow_anonymous false',
      `password_file ${passwords}`,
    ]);
    brokers.push(open, closed);
    ports.plain = open.tcpPort;
    ports.ws = open.webSocketPort;
    ports.password = closed.tcpPort;
  });
  afterAll(async () => {
    for (const broker of brokers) await broker.close();
  });

  const trusting = ['--cafile', ca];
  const proving = [...trusting, '--cert', cert, '--key', key];

  test.each<readonly [listener: keyof typeof ports, words: readonly string[], code: number]>([
    ['plain', [], 0],
    ['plain', ['-V', 'mqttv5', '-x', '60', '-i', 'me', '-c'], 0],
    ['plain', ['-V', '31'], 0],
    ['plain', ['-A', '127.0.0.1'], 0],
    ['plain', ['-A', '192.0.2.1'], 1],
    ['plain', ['--will-topic', 'will', '--will-payload', 'gone', '--will-qos', '1', '--will-retain'], 0],
    ['none', [], 1],
    ['tls', [], 7],
    ['tls', trusting, 0],
    ['tls', [...trusting, '--tls-version', 'tlsv1.3'], 0],
    ['tls', [...trusting, '--insecure'], 0],
    ['tls', ['--capath', join(directory, 'none')], 8],
    ['clientTls', proving, 0],
    ['psk', ['--psk', '0123abcd', '--psk-identity', 'me'], 0],
    ['psk', ['--psk', '0123', '--psk-identity', 'me'], 8],
    ['password', [], 5],
    ['password', ['-V', '5'], 135],
    ['password', ['-u', 'ann', '-P', 'wrong'], 5],
    ['password', ['-u', 'ann', '-P', 'wrong', '-V', 'mqttv5'], 135],
    ['password', ['-u', 'ann', '-P', 'secret'], 0],
  ])('end alike at %s with %j: %i', async (listener, words, code) => {
    const all = ['-h', '127.0.0.1', '-p', String(ports[listener]), '-t', 'a/b', '-m', 'x', ...words];
    const theirs = await programs.run(pub.path!, all, { env });
    const ours = await programs.run(link, all, { env });
    const same = await martlet('pub', ...all);
    // Theirs finds out about a directory of certificates only when it connects.
    const expected = words.includes('--capath') ? 1 : code;
    expect([ours.code, same.code]).toEqual([expected, expected]);
    // How theirs ends when the connection breaks depends on the moment at which it looks; 1 is every other failure.
    expect(code === 7 || code === 8 ? [code, 1] : [code]).toContain(theirs.code);
    expect([theirs.stdout, ours.stdout]).toEqual(['', '']);
    if (expected === 0) expect([ours.stderr, same.stderr]).toEqual(['', '']);
    else {
      expect(ours.stderr).toMatch(/^Error: .+\n$/);
      expect(same.stderr).toMatch(/^martlet pub: .+\n$/);
    }
  });

  test('end alike through a Unix socket and with a URL', async () => {
    for (const words of [
      ['--unix', socket, '-t', 'a', '-m', 'x'],
      ['-L', `mqtt://ann:secret@127.0.0.1:${ports.password}/a/b`, '-m', 'x'],
      ['-L', `mqtt://ann:wrong@127.0.0.1:${ports.password}/a/b`, '-m', 'x'],
    ]) {
      const theirs = await programs.run(pub.path!, words, { env });
      const ours = await martlet('pub', ...words);
      expect(ours.code).toBe(theirs.code);
      expect(`${ours.stdout}${ours.stderr}`).not.toContain('wrong');
    }
  });

  test.each<readonly [readonly string[], string]>([
    [['-p'], '-p argument given but no port specified.'],
    [['-p', '70000'], 'Invalid port given: 70000'],
    [['-k'], '-k argument given but no keepalive specified.'],
    [['-V', '7'], 'Invalid protocol version argument given.'],
    [['-V'], '--protocol-version argument given but no version specified.'],
    [['-x', '-5'], 'session-expiry-interval out of range.'],
    [['-i', 'a', '-I', 'b'], '-i and -I argument cannot be used together.'],
    [['-c'], 'You must provide a client id if you are using the -c option.'],
    [['--will-payload', 'x'], 'Will payload given, but no will topic given.'],
    [['--will-retain'], 'Will retain given, but no will topic given.'],
    [['--will-topic', 'a', '--will-qos', '3'], 'Invalid will QoS 3.'],
    [['--cert', cert], 'Both certfile and keyfile must be provided if one of them is set.'],
    [['--psk', 'ab'], '--psk-identity required if --psk used.'],
    [['--hots', 'x'], "Unknown option '--hots'."],
    [['--cafile'], '--cafile argument given but no file specified.'],
    [['--unix'], '--unix argument given but no socket path specified.'],
    [['-M'], '-M argument given but max_inflight not specified.'],
    [['-u'], '-u argument given but no username specified.'],
    [['--will-qos'], '--will-qos argument given but no will QoS specified.'],
    [['--proxy', 'http://h'], 'Unsupported proxy protocol: http://h'],
  ])(
    'refuse %j in the same words under the same name, and in better ones under ours',
    async (words, text) => {
      const all = ['-h', '127.0.0.1', '-t', 'a', '-m', 'x', ...words];
      const theirs = await programs.run(pub.path!, all, { env });
      const ours = await programs.run(link, all, { env });
      expect([theirs.code, ours.code]).toEqual([1, 1]);
      expect([theirs.stderr, ours.stderr].map((written) => written.split('\n')[0])).toEqual([
        `Error: ${text}`,
        `Error: ${text}`,
      ]);
      const same = await martlet('pub', ...all);
      expect(same.code).toBe(2);
      expect(same.stderr).toMatch(/^martlet pub: .+\n$/);
    },
  );

  test('tell the same of the packets of an exchange', async () => {
    const words = ['-h', '127.0.0.1', '-p', String(ports.plain), '-t', 'a/b', '-m', 'x', '-d', '-q', '2'];
    for (const more of [
      ['-V', '5', '-i', 'me'],
      ['-V', '311'],
      ['-V', '311', '-i', 'me', '-r'],
    ]) {
      const theirs = await programs.run(pub.path!, [...words, ...more], { env });
      const ours = await martlet('pub', ...words, ...more);
      expect(ours.stdout).toBe(theirs.stdout);
      expect(ours.stdout.split('\n').length).toBeGreaterThan(6);
    }
  });

  test('read the same options file', async () => {
    const config = mkdtempSync(join(directory, 'config-'));
    writeFileSync(
      join(config, 'mosquitto_pub'),
      `# Where\n-p ${ports.password}\n-h 127.0.0.1\n  -u ann\n-P wrong\n\n-t some topic\n-m two words\n`,
    );
    const withFile = { env: { ...env, XDG_CONFIG_HOME: config } };
    for (const [words, code] of [
      [[], 5],
      [['-P', 'secret'], 0],
    ] as const) {
      expect((await programs.run(pub.path!, words, withFile)).code).toBe(code);
      expect((await programs.run(process.execPath, [MAIN, 'pub', ...words], withFile)).code).toBe(code);
    }
  });

  test('go over WebSocket too, as mosquitto_pub will from 2.1 on', async () => {
    const words = ['-t', 'a', '-m', 'x', '-q', '1'];
    const at = ['--ws', '-h', '127.0.0.1', '-p', String(ports.ws)];
    expect(await martlet('pub', ...at, ...words)).toMatchObject({ code: 0, stderr: '' });
    const url = `ws://127.0.0.1:${ports.ws}/a`;
    expect(await martlet('pub', '-L', url, '-m', 'x', '-q', '1')).toMatchObject({ code: 0, stderr: '' });
  });

  test('write the secrets of a connection to a file for its owner', async () => {
    const log = join(directory, 'key.log');
    const words = ['-h', '127.0.0.1', '-p', String(ports.tls), '-t', 'a', '-m', 'x', '--tls-keylog', log];
    expect((await martlet('pub', ...words, ...trusting)).code).toBe(0);
    expect(readFileSync(log, 'utf8')).toMatch(/^CLIENT_TRAFFIC_SECRET_0 [\da-f]+ [\da-f]+$/m);
  });

  describe('A password', () => {
    const connecting = (): readonly string[] => [
      ...['-h', '127.0.0.1', '-p', String(ports.password)],
      ...['-u', 'ann', '-t', 'a', '-m', 'x'],
    ];

    test('is asked for on the terminal, which does not show it', async () => {
      const words = [process.execPath, MAIN, 'pub', ...connecting(), '--password-prompt'];
      const asking = programs.start('script', ['-qec', words.join(' '), '/dev/null'], { env });
      await new Promise<void>((resolve) => {
        asking.child.stdout?.on('data', () => {
          if (asking.stdout.includes('Password of ann: ')) resolve();
        });
      });
      asking.child.stdin?.write('secrex\x7ft\r');
      const { code, stdout } = await asking.exit;
      expect(code).toBe(0);
      expect(stdout).toBe('Password of ann: \r\n');
    });

    test('comes from a file or from the environment, and no message shows it', async () => {
      const file = join(directory, 'password');
      writeFileSync(file, 'secret\n');
      const run = (more: readonly string[], variables: Readonly<Record<string, string>>): Promise<Exit> =>
        programs.run(process.execPath, [MAIN, 'pub', ...connecting(), ...more], {
          env: { ...env, ...variables },
        });
      expect((await run(['--password-file', file], {})).code).toBe(0);
      expect((await run([], { MARTLET_PASSWORD: 'secret' })).code).toBe(0);
      expect((await run(['--password-env', 'P'], { P: 'secret' })).code).toBe(0);
      const wrong = await run(['--password-env', 'P'], { P: 'hunter2' });
      expect(wrong.code).toBe(5);
      expect(wrong.stderr).toContain('refused the connection: not authorized');
      expect(wrong.stderr).not.toContain('hunter2');
    });

    test('is kept in a profile that only its owner reads', async () => {
      const words = [...connecting(), '-P', 'secret', '--save-profile', 'test'];
      expect((await martlet('pub', ...words)).code).toBe(0);
      expect((await martlet('pub', '--profile', 'test', '-t', 'a', '-m', 'x')).code).toBe(0);
    });
  });
});

describe('A command that connects', () => {
  test('says what is wrong in one line, with the nearest flag, and ends with 2', async () => {
    expect(await martlet('pub', '--hots', 'x')).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: "martlet pub: unknown option '--hots'; did you mean --host?\n",
    });
  });

  test.skipIf(!existsSync('/dev/full'))('says so when its output finds no room', async () => {
    const full = (line: string): Promise<Exit> =>
      programs.run('sh', ['-c', `"$0" "$1" ${line} > /dev/full`, process.execPath, MAIN], { env });
    for (const line of ['--help', 'completion bash']) {
      const { code, stderr } = await full(line);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^martlet( completion)?: standard output: no space is left on its disk; .+\n$/);
    }
  });

  test('keeps its exit code when nobody reads its errors', async () => {
    const command = programs.start(process.execPath, [MAIN, 'pub', '--hots', 'x'], { env });
    command.child.stderr?.destroy();
    expect((await command.exit).code).toBe(2);
  });

  test('ends at once at a signal while it connects', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer(() => {});
    const connected = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const command = programs.start(
      process.execPath,
      [MAIN, 'pub', '-h', '127.0.0.1', '-p', String(port), '-t', 'a', '-m', 'x'],
      { env },
    );
    await connected;
    command.signal('SIGTERM');
    expect(await command.exit).toMatchObject({ code: 143, signal: null });
    silent.close();
  });
});
