// The built `martlet record` and `martlet replay`, at our broker: what was recorded comes again.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-record-'));
const env = { PATH: process.env['PATH'], HOME: directory, XDG_CONFIG_HOME: directory, NO_COLOR: '1' };
let served: ServedBroker;

beforeAll(() => buildMartlet());
beforeEach(async () => {
  served = await ServedBroker.start();
});
afterEach(async () => {
  await programs.stopAll();
  await served.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(...words: readonly string[]): Program {
  const at = ['-h', '127.0.0.1', '-p', String(served.port)];
  return programs.start(process.execPath, [MAIN, words[0]!, ...at, ...words.slice(1)], {
    env,
    cwd: directory,
  });
}

/** A recording that has subscribed. */
async function recording(...words: readonly string[]): Promise<Program> {
  const subscribed = served.next('subscribed');
  const program = start('record', ...words);
  await subscribed;
  return program;
}

interface Line {
  readonly at: number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

function linesOf(name: string): readonly Line[] {
  const lines = readFileSync(join(directory, name), 'utf8').trimEnd().split('\n').slice(1);
  return lines.map((line) => JSON.parse(line) as Line);
}

/** A file of at least so many bytes. */
function written(name: string, bytes: number): Promise<void> {
  return vi.waitFor(() => expect(statSync(join(directory, name)).size).toBeGreaterThan(bytes), 10_000);
}

/** The next message to a topic. */
function arrival(topicName: string): Promise<void> {
  return new Promise((resolve) => {
    served.broker.subscribe(topicName, () => resolve());
  });
}

/** Messages that come while something is done, as `topic payload QoS`. */
async function coming(count: number, work: () => Promise<unknown>): Promise<readonly string[]> {
  const came: string[] = [];
  const subscription = served.broker.subscribe('#', (message) => {
    const { topicName, qos } = message;
    came.push(`${topicName} ${message.text()} ${qos}`);
  });
  await work();
  subscription.unsubscribe();
  expect(came).toHaveLength(count);
  return came;
}

const HEADER = '{"recording":1}\n';

describe('martlet record', () => {
  test('keeps what was retained and what comes, until --count', async () => {
    await served.broker.publish('old', 'kept', { retain: true, qos: 1 });
    const program = await recording('-C', '4', '-T', 'noise/#', 'count.mqttrec');
    await served.broker.publish('noise/x', '1');
    for (const qos of [0, 1, 2] as const)
      await served.broker.publish(`new/${qos}`, 'ü', { qos, retain: qos === 1 });
    expect(await program.exit).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^4 messages, 10 bytes, 0:0\d: count\.mqttrec\n$/),
    });
    const lines = linesOf('count.mqttrec');
    expect(lines.map(({ topic, payload, qos, retain }) => [topic, payload, qos, retain])).toEqual([
      ['old', 'kept', 1, true],
      ['new/0', 'ü', 0, false],
      ['new/1', 'ü', 1, true],
      ['new/2', 'ü', 2, false],
    ]);
    const times = lines.map(({ at }) => at);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    const header = JSON.parse(readFileSync(join(directory, 'count.mqttrec'), 'utf8').split('\n')[0]!);
    expect(header).toMatchObject({ recording: 1, server: `mqtt://127.0.0.1:${served.port}`, filters: ['#'] });
  });

  test('can leave out what was retained, in both versions', async () => {
    await served.broker.publish('old', 'kept', { retain: true });
    for (const version of ['5', '311']) {
      const program = await recording('--no-retained', '-C', '1', '-V', version, `new-${version}.mqttrec`);
      await served.broker.publish('new', '1');
      await program.exit;
      expect(linesOf(`new-${version}.mqttrec`)).toMatchObject([{ topic: 'new' }]);
    }
  });

  test('ends at --duration with what there is', async () => {
    const { code, stderr } = await (await recording('--duration', '300ms', 'short.mqttrec')).exit;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '0 messages, 0 bytes, 0:00: short.mqttrec\n' });
    expect(linesOf('short.mqttrec')).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends well at %s, with a summary', async (signal) => {
    const program = await recording('--force', 'night.mqttrec.gz');
    // It cannot be compressed to less than half of this.
    const payload = randomBytes(1000).toString('hex');
    await served.broker.publish('a', payload, { qos: 1 });
    await written('night.mqttrec.gz', 1000);
    program.signal(signal);
    expect(await program.exit).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^1 message, 2 KiB, /),
    });
    const replayed = await coming(1, () => start('replay', 'night.mqttrec.gz', '--speed', 'max').exit);
    expect(replayed).toEqual([`a ${payload} 1`]);
  });

  test('writes into a pipe, and ends quietly when its reader has gone', async () => {
    const program = await recording('-', '--quiet');
    await served.broker.publish('a', '1');
    await program.line(/"topic":"a"/);
    program.child.stdout!.destroy();
    await served.broker.publish('a', '2');
    expect(await program.exit).toMatchObject({ code: 0, stderr: '' });
  });

  test('leaves a file that is there alone', async () => {
    writeFileSync(join(directory, 'old'), 'precious');
    const { code, stderr } = await start('record', 'old').exit;
    expect(code).toBe(1);
    expect(stderr).toBe(
      'martlet record: old: there is such a file already; choose another name, or --force to write over it\n',
    );
  });

  test('makes no file where there is no server', async () => {
    const port = String(await freePort());
    const { code } = await start('record', '-p', port, 'none.mqttrec').exit;
    expect(code).toBe(1);
    expect(existsSync(join(directory, 'none.mqttrec'))).toBe(false);
  });

  test.skipIf(!existsSync('/dev/full'))('tells of a full disk, and ends', async () => {
    const { code, stderr } = await start('record', '--force', '/dev/full').exit;
    expect(code).toBe(1);
    expect(stderr).toBe(
      'martlet record: /dev/full: no space is left on its disk; free some, or choose another place\n',
    );
  });

  test('goes on when the server comes back, and says what is missing', async () => {
    const program = await recording('-C', '2', 'gap.mqttrec');
    await served.broker.publish('a', 'before');
    const { port } = served;
    await served.close();
    await program.line(/what comes meanwhile is missing, trying again/, 'stderr');
    served = await ServedBroker.start();
    const again = served.next('subscribed');
    await served.broker.listen({ port });
    await again;
    await served.broker.publish('a', 'after');
    expect((await program.exit).code).toBe(0);
    expect(linesOf('gap.mqttrec').map(({ payload }) => payload)).toEqual(['before', 'after']);
  });
});

describe('martlet replay', () => {
  const song = `${HEADER}${[
    '{"at":0,"topic":"home/a","qos":0,"retain":false,"payload":"1"}',
    '{"at":100000,"topic":"home/b","qos":1,"retain":true,"payload":"2"}',
    '{"at":200000,"topic":"$SYS/x","qos":0,"payload":"3"}',
    '{"at":300000,"topic":"home/c","qos":2,"payload_base64":"/w=="}',
  ].join('\n')}\n`;

  beforeAll(() => writeFileSync(join(directory, 'song.mqttrec'), song));

  test('publishes it as it was, with a summary', async () => {
    let exit: Exit | undefined;
    const came = await coming(3, async () => {
      exit = await start('replay', 'song.mqttrec', '-T', '$SYS/#').exit;
    });
    expect(came).toEqual(['home/a 1 0', 'home/b 2 1', 'home/c \ufffd 2']);
    expect((await start('retained', 'ls', '--json').exit).stdout).toMatch(/^\{.*"topic":"home\/b".*\}\n$/);
    expect(exit).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /^3 messages published; \d+\.\d ms late on average, \d+\.\d ms at most\n$/,
      ),
    });
  });

  test('in part, faster, to other topics, with another QoS, twice', async () => {
    const words = ['--from', '50ms', '--to', '250ms', '--speed', '10', '--remap', 'home/#', 'test/#'];
    const all = ['song.mqttrec', '-t', 'home/#', '-q', '0', '--no-retain', '--loop', '2', ...words];
    expect(await coming(2, () => start('replay', ...all).exit)).toEqual(['test/b 2 0', 'test/b 2 0']);
    expect((await start('retained', 'ls', '--json').exit).stdout).toBe('');
  });

  test('from standard input', async () => {
    const came = await coming(1, async () => {
      const program = start('replay', '-', '-t', 'home/a', '--quiet');
      program.child.stdin!.end(song);
      expect(await program.exit).toMatchObject({ code: 0, stderr: '' });
    });
    expect(came).toEqual(['home/a 1 0']);
    expect((await start('replay', '-', '--loop', '2').exit).stderr).toBe(
      'martlet replay: --loop: expected a file, since standard input is there only once, got -\n',
    );
  });

  test('ends at Ctrl+C with 130 and a summary', async () => {
    writeFileSync(join(directory, 'long'), `${song}{"at":3600000000,"topic":"late","payload":""}\n`);
    const published = arrival('home/c');
    const program = start('replay', 'long', '-T', '$SYS/#', '--speed', '2');
    await published;
    program.signal('SIGINT');
    expect(await program.exit).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/^3 messages published; /),
    });
  });

  test('says what is wrong with a file before it connects', async () => {
    writeFileSync(join(directory, 'text'), 'hello\n');
    const { code, stderr } = await start('replay', '-p', String(await freePort()), 'text').exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^martlet replay: text, line 1: expected a recording of martlet, .*\n$/);
  });

  test('says where a file is damaged, when it has got there', async () => {
    writeFileSync(join(directory, 'damaged'), `${song.slice(0, -1)}x\n`);
    const { code, stderr } = await start('replay', 'damaged', '--speed', 'max').exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^martlet replay: damaged, line 5: expected a JSON object, .*\n$/);
  });

  test('counts what the server refuses, and tells the first ten one by one', async () => {
    const strict = await ServedBroker.start({
      authorizer: { authorize: ({ topic }) => ({ allowed: topic !== 'no' }) },
    });
    const lines = Array.from(
      { length: 60 },
      (_, at) => `{"at":0,"topic":"${at < 50 ? 'no' : 'yes'}","qos":1}`,
    );
    writeFileSync(join(directory, 'refused'), `${HEADER}${lines.join('\n')}\n`);
    const { code, stderr } = await start('replay', '-p', String(strict.port), 'refused', '--speed', 'max')
      .exit;
    expect(code).toBe(1);
    const told = stderr.trimEnd().split('\n');
    expect(
      told.filter((line) => /not authorized/i.test(line)),
      stderr,
    ).toHaveLength(10);
    expect(told.slice(-2)).toEqual([
      'martlet replay: 40 more messages came to nothing',
      '60 messages published; 50 messages came to nothing',
    ]);
    await strict.close();
  });

  test('goes on when the server comes back', async () => {
    const lines = Array.from(
      { length: 40 },
      (_, at) => `{"at":${at * 50_000},"topic":"n","qos":1,"payload":"${at}"}`,
    );
    writeFileSync(join(directory, 'forty'), `${HEADER}${lines.join('\n')}\n`);
    const published = arrival('n');
    const program = start('replay', 'forty');
    const came = new Set<string>();
    const onMessage = (message: { text(): string }): number => came.add(message.text()).size;
    served.broker.subscribe('n', onMessage);
    await published;
    const { port } = served;
    await served.close();
    await program.line(/trying again/, 'stderr');
    served = await ServedBroker.start();
    served.broker.subscribe('n', onMessage);
    await served.broker.listen({ port });
    expect((await program.exit).code).toBe(0);
    expect(came.size).toBe(40);
  });
});

test('a recording goes through `pub --ndjson` without its first line', async () => {
  writeFileSync(join(directory, 'piped'), `${HEADER}{"at":5,"topic":"a","payload":"1","qos":1}\n`);
  const program = start('pub', '--ndjson', '-f', 'piped');
  expect(await program.exit).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('got the first line of a recording: martlet replay publishes those'),
  });
  const came = await coming(1, () => start('pub', '--ndjson', '-f', 'piped', '--skip-bad-lines').exit);
  expect(came).toEqual(['a 1 1']);
});
