// `martlet rr` beside Debian's mosquitto_rr, with a responder that answers both.

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@martlet/client';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const rr = debianTool('mosquitto_rr');
const broker = debianTool('mosquitto');
const isMissing = rr.path === undefined || broker.path === undefined;

/** Nothing that a machine has of its own may count. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

const ASK = ['-t', 'ask', '-e', 'answers'];

/** What is printed of the answer, without the time. */
const PRINTED: readonly (readonly string[])[] = [
  ['-m', 'hello'],
  ['-m', 'hello', '-v'],
  ['-m', 'hello', '-N'],
  ['-m', 'hello', '-v', '-N'],
  ['-m', 'ünï "x"', '-F', '%t|%l|%p|%C|%R|%D|%q|%r|%m|%P|%S|%x'],
  ['-m', 'x', '-D', 'publish', 'correlation-data', 'key', '-F', '%D %p'],
  ['-m', 'x', '-D', 'publish', 'user-property', 'a', 'b', '-F', '%P'],
  ['-m', 'x', '-D', 'subscribe', 'subscription-identifier', '9', '-F', '%S'],
  ['-n', '-F', '%l'],
];

const REFUSED: readonly (readonly string[])[] = [
  ['-t', 'a', '-m', 'x'],
  ['-e', 'a', '-m', 'x'],
  ['-t', 'a', '-e', 'b'],
  ['-t', 'a', '-e'],
  ['-t', 'a', '-e', '#', '-m', 'x'],
  ['-t', '#', '-e', 'b', '-m', 'x'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-n'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-W'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-W', '0'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-F'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-F', '%k'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-F', '%'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-l'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-r'],
  ['-t', 'a', '-e', 'b', '-m', 'x', '-C', '1'],
];

describe.skipIf(isMissing)(`martlet rr and mosquitto_rr ${rr.label}`, () => {
  const programs = new Programs();
  let directory: string;
  let link: string;
  let served: ServedBroker;
  let mosquitto: MosquittoBroker;
  const responders: Client[] = [];

  beforeAll(async () => {
    buildMartlet();
    directory = mkdtempSync(join(tmpdir(), 'martlet-rr-'));
    link = join(directory, 'mosquitto_rr');
    symlinkSync(MAIN, link);
    writeFileSync(join(directory, 'request'), 'from a file');
    const acl = join(directory, 'acl');
    writeFileSync(acl, 'topic readwrite ask\ntopic readwrite answers/#\ntopic read no\n');
    served = await ServedBroker.start();
    mosquitto = await MosquittoBroker.start(broker.path!, [`acl_file ${acl}`]);
    for (const port of [served.port, mosquitto.tcpPort]) responders.push(await responderAt(port));
  });
  afterEach(() => programs.stopAll());
  afterAll(async () => {
    for (const responder of responders) await responder.close();
    await served.close();
    await mosquitto.close();
    rmSync(directory, { recursive: true });
  });

  /** Gives back what it is asked, where it is told to or at `answers`; first one answer to somebody else, if asked for. */
  async function responderAt(port: number): Promise<Client> {
    const client = connect(`mqtt://127.0.0.1:${port}`);
    await client.subscribe('ask', { qos: 2 }, (message) => {
      const { responseTopic = 'answers', correlationData, userProperties } = message.properties;
      const options = {
        qos: message.qos,
        contentType: 'text/plain',
        ...(userProperties && { userProperties }),
      };
      if (message.text() === 'others first')
        client.publish(responseTopic, 'not yours', { ...options, correlationData: Buffer.from('other') });
      client.publish(responseTopic, message.payload, {
        ...options,
        ...(correlationData && { correlationData }),
      });
    });
    return client;
  }

  function run(which: 'ours' | 'theirs' | 'link', args: readonly string[], stdin = ''): Promise<Exit> {
    const command = which === 'theirs' ? rr.path! : process.execPath;
    const first = which === 'theirs' ? [] : which === 'link' ? [link] : [MAIN, 'rr'];
    const program = programs.start(command, [...first, ...args], { env: ENVIRONMENT, cwd: directory });
    program.child.stdin!.on('error', () => {}).end(stdin);
    return program.exit;
  }

  const at = (port: number): readonly string[] => ['-h', '127.0.0.1', '-p', String(port)];

  test.each(['Martlet', 'Mosquitto'])('print the same at %s', async (name) => {
    const port = name === 'Martlet' ? served.port : mosquitto.tcpPort;
    for (const [index, args] of PRINTED.entries()) {
      const all = [...at(port), ...ASK, '-W', '20', '-q', String(index % 3), ...args];
      const theirs = await run('theirs', all, 'from standard input');
      expect(theirs, args.join(' ')).toMatchObject({ code: 0, stderr: '' });
      expect(await run('ours', all, 'from standard input'), args.join(' ')).toEqual(theirs);
    }
  });

  // mosquitto_rr 2.0.11 takes both and sends nothing of them; 2.1 does.
  test('martlet rr sends what is in a file, or all of standard input', async () => {
    const args = [...at(served.port), ...ASK, '-W', '20'];
    expect((await run('ours', [...args, '-f', 'request'])).stdout).toBe('from a file\n');
    expect((await run('ours', [...args, '-s'], 'from\nstandard input')).stdout).toBe(
      'from\nstandard input\n',
    );
  });

  test('work with MQTT 3.1.1 and 3.1, where the response topic is only agreed upon', async () => {
    for (const version of ['mqttv311', 'mqttv31']) {
      const args = [...at(mosquitto.tcpPort), ...ASK, '-m', 'x', '-V', version, '-v', '-W', '20'];
      const theirs = await run('theirs', args);
      expect(theirs).toMatchObject({ code: 0, stdout: 'answers x\n' });
      expect(await run('ours', args)).toEqual(theirs);
    }
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
        stderr: expect.stringMatching(/^martlet rr: .+\n$/),
      });
    },
  );

  test('end with 27 when no response comes in time', async () => {
    const args = [
      ...at(mosquitto.tcpPort),
      '-t',
      'answers/none',
      '-e',
      'answers/never',
      '-m',
      'x',
      '-W',
      '1',
    ];
    const theirs = await run('theirs', args);
    expect(theirs).toMatchObject({ code: 27, stderr: 'Timed out\n' });
    expect(await run('link', args)).toEqual(theirs);
    expect(await run('ours', args)).toMatchObject({
      code: 27,
      stderr: 'martlet rr: no response came within the 1 s of -W\n',
    });
    expect(await run('ours', [...args, '--quiet'])).toMatchObject({ code: 27, stdout: '', stderr: '' });
  });

  test('martlet rr takes only the response to its own request, where it can tell', async () => {
    const args = [...at(served.port), ...ASK, '-m', 'others first', '-W', '20'];
    expect((await run('ours', args)).stdout).toBe('not yours\n');
    for (const more of [['--correlate'], ['-D', 'publish', 'correlation-data', 'mine']]) {
      expect(await run('ours', [...args, ...more])).toMatchObject({ code: 0, stdout: 'others first\n' });
    }
    const never = ['-t', 'nobody', '-e', 'answers/kept', '-m', 'x', '-W', '1', '--correlate'];
    await responders[0]!.publish('answers/kept', 'old', { qos: 1, retain: true });
    expect(await run('ours', [...at(served.port), ...never])).toMatchObject({
      code: 27,
      stderr: 'martlet rr: no response came within the 1 s of -W, but 1 message for other requests\n',
    });
  });

  test('martlet rr passes over a retained message with -R', async () => {
    await responders[0]!.publish('answers/stale', 'old', { qos: 1, retain: true });
    const args = [...at(served.port), '-t', 'ask', '-e', 'answers/stale', '-m', 'new', '-W', '20'];
    expect((await run('ours', args)).stdout).toBe('old\n');
    expect((await run('ours', [...args, '-R'])).stdout).toBe('new\n');
  });

  test('martlet rr prints the latency as mosquitto_rr 2.1 does', async () => {
    const exit = await run('ours', [...at(served.port), ...ASK, '-m', 'x', '--latency', '-W', '20']);
    expect(exit).toMatchObject({ code: 0, stderr: '' });
    expect(exit.stdout).toMatch(/^x\nLatency: \d+\.(\d{6}(µ|m)s|\d{9})\n$/);
  });

  test('martlet rr ends at once when the server refuses the request, and tells when nobody gets it', async () => {
    const refused = await run('ours', [
      ...at(mosquitto.tcpPort),
      '-t',
      'no',
      '-e',
      'answers',
      '-m',
      'x',
      '-q',
      '1',
    ]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Not authorized') });
    const alone = await run('ours', [
      ...at(served.port),
      '-t',
      'nobody',
      '-e',
      'answers',
      '-m',
      'x',
      '-q',
      '1',
      '-W',
      '1',
    ]);
    expect(alone.code).toBe(27);
    expect(alone.stderr).toContain('nobody has subscribed to nobody: the request reached no one');
  });

  test('martlet rr ends when the connection is lost, with the exit code 7', async () => {
    const lost = await ServedBroker.start();
    const subscribed = lost.next('subscribed');
    const program = programs.start(process.execPath, [MAIN, 'rr', ...at(lost.port), ...ASK, '-m', 'x'], {
      env: ENVIRONMENT,
    });
    await subscribed;
    await lost.close();
    expect(await program.exit).toMatchObject({
      code: 7,
      stderr: expect.stringMatching(/^martlet rr: .+\n$/),
    });
  });
});
