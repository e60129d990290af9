// `martlet pub` with many messages: order, lost connections, signals, terminals, and what `martlet sub` has printed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  LC_ALL: 'C.UTF-8',
  TERM: 'xterm-256color',
};
const BAR = /[█░]+/;

describe('martlet pub', () => {
  const programs = new Programs();
  let directory: string;
  let served: ServedBroker;

  beforeAll(async () => {
    buildMartlet();
    directory = mkdtempSync(join(tmpdir(), 'martlet-pub-'));
    served = await ServedBroker.start();
  });
  afterEach(() => programs.stopAll());
  afterAll(async () => {
    await served.close();
    rmSync(directory, { recursive: true });
  });

  const place = (port: number = served.port): readonly string[] => ['-h', '127.0.0.1', '-p', String(port)];

  function start(...args: readonly string[]): Program {
    return programs.start(process.execPath, [MAIN, 'pub', ...args], { env: ENVIRONMENT, cwd: directory });
  }

  function run(stdin: string, ...args: readonly string[]): Promise<Exit> {
    const program = start(...args);
    program.child.stdin!.on('error', () => {}).end(stdin);
    return program.exit;
  }

  /** Runs a command line of the shell in a terminal of 100 columns. */
  function inTerminal(line: string, env: Readonly<Record<string, string>> = {}): Promise<Exit> {
    return programs.run('script', ['-qec', `stty cols 100; ${line}`, '/dev/null'], {
      env: { ...ENVIRONMENT, ...env },
      cwd: directory,
    });
  }

  /** A subscriber whose subscription holds: what it has got as soon as that is so many messages. */
  async function collect(
    count: number,
    topicFilter: string,
    at: ServedBroker = served,
  ): Promise<() => Promise<readonly string[]>> {
    const client = connect(`mqtt://127.0.0.1:${at.port}`, { reconnect: false });
    client.on('error', () => {});
    const got: string[] = [];
    let isDone: () => void;
    const done = new Promise<void>((resolve) => {
      isDone = resolve;
    });
    await client.subscribe(topicFilter, { qos: 2, bufferMessages: 1e6 }, (message) => {
      got.push(`${message.topicName} ${message.text()}`);
      if (got.length === count) isDone();
    });
    return async () => {
      await done;
      await client.close();
      return got;
    };
  }

  test.each(['0', '1', '2'])('publishes 20,000 lines at QoS %s, all and in order', async (qos) => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
    const collected = await collect(lines.length, `order/${qos}`);
    const exit = await run(lines.join('\n'), ...place(), '-t', `order/${qos}`, '-l', '-q', qos);
    expect(exit).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await collected()).toEqual(lines.map((line) => `order/${qos} ${line}`));
  });

  test('has let a long message of QoS 0 leave when it ends', async () => {
    const bytes = 15_000_000;
    writeFileSync(join(directory, 'long'), Buffer.alloc(bytes, 'x'));
    const collected = await collect(1, 'long');
    expect((await run('', ...place(), '-t', 'long', '-f', 'long')).code).toBe(0);
    expect((await collected())[0]).toHaveLength(bytes + 'long '.length);
  });

  test('publishes again what martlet sub has printed as NDJSON and as CSV', async () => {
    const input = [
      { topic: 'again/a', payload: 'on', qos: 1, retain: true, properties: { 'content-type': 'a,b "c"' } },
      { topic: 'again/b', payload_base64: '/wAK', qos: 2, properties: { 'correlation-data_base64': '/w==' } },
      {
        topic: 'again/ü',
        payload: 'two\nlines, "and" marks',
        properties: { 'user-properties': [{ k: '1' }, { k: '' }] },
      },
      { topic: 'again/empty', payload: '' },
    ];
    const ndjson = input.map((each) => JSON.stringify(each)).join('\n');
    const printed: string[] = [];
    for (const [format, text] of [
      ['--ndjson', ndjson],
      ['--ndjson', undefined],
      ['--csv', undefined],
    ] as const) {
      const subscribed = served.next('subscribed', (event) => event.topicFilter === 'again/#');
      const subscriber = programs.start(
        process.execPath,
        [
          MAIN,
          'sub',
          ...place(),
          '-V',
          '5',
          '-q',
          '2',
          '-t',
          'again/#',
          '-C',
          '4',
          format,
          '--retain-handling',
          'never',
          '--retain-as-published',
        ],
        { env: ENVIRONMENT },
      );
      await subscribed;
      expect(await run(text ?? printed.at(-1)!, ...place(), '--ndjson')).toMatchObject({
        code: 0,
        stderr: '',
      });
      printed.push((await subscriber.exit).stdout);
    }
    const withoutTimes = (text: string): string => text.replaceAll(/"tst":"[^"]*"|"mid":\d+,?/g, '');
    expect(printed[0]!.split('\n')).toHaveLength(5);
    expect(withoutTimes(printed[1]!)).toBe(withoutTimes(printed[0]!));
    // From CSV come the same messages as from JSON.
    const subscribed = served.next('subscribed', (event) => event.topicFilter === 'again/#');
    const subscriber = programs.start(
      process.execPath,
      [
        MAIN,
        'sub',
        ...place(),
        '-V',
        '5',
        '-q',
        '2',
        '-t',
        'again/#',
        '-C',
        '4',
        '--ndjson',
        '--retain-handling',
        'never',
        '--retain-as-published',
      ],
      { env: ENVIRONMENT },
    );
    await subscribed;
    expect(await run(printed[2]!, ...place(), '--csv')).toMatchObject({ code: 0, stderr: '' });
    expect(withoutTimes((await subscriber.exit).stdout)).toBe(withoutTimes(printed[0]!));
  });

  test('sends templates: each message is another one, with its properties', async () => {
    const collected = await collect(3, 'made/#');
    const exit = await run(
      '',
      ...place(),
      '-t',
      'made/{{i 1}}',
      '-m',
      '{{pick x}}{{i}}',
      '--template',
      '--count',
      '3',
    );
    expect(exit).toMatchObject({ code: 0, stderr: '' });
    expect(await collected()).toEqual(['made/1 x0', 'made/2 x1', 'made/3 x2']);
  });

  test('goes on when the connection is lost within its input, and loses nothing', async () => {
    const before = await ServedBroker.start();
    const first = await collect(1, 'lost', before);
    const program = start(...place(before.port), '-t', 'lost', '-l', '-q', '1', '-V', '5');
    program.child.stdin!.write('before\n');
    await first();
    const told = program.line(/trying again$/, 'stderr');
    await before.close();
    await told;
    program.child.stdin!.write('between\n');
    const after = await ServedBroker.start();
    const others = await collect(2, 'lost', after);
    await after.broker.listen({ port: before.port });
    program.child.stdin!.end('after\n');
    expect(await others()).toEqual(['lost between', 'lost after']);
    expect(await program.exit).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('connected again'),
    });
    await after.close();
  });

  test('gives up at once, or after a time, where that is asked for, and says how far it came', async () => {
    for (const time of ['0', '300ms']) {
      const lost = await ServedBroker.start();
      const first = await collect(1, 'lost', lost);
      const program = start(...place(lost.port), '-t', 'lost', '-l', '-q', '1', '--reconnect-for', time);
      program.child.stdin!.on('error', () => {}).write('one\n');
      await first();
      await lost.close();
      const exit = await program.exit;
      expect(exit.code).toBe(7);
      expect(exit.stderr).toMatch(/; 1 message had been published\n$/);
    }
  });

  test('fails fast where nothing listens, and reads nothing of its input', async () => {
    const gone = await ServedBroker.start();
    await gone.close();
    const exit = await run('a\n', ...place(gone.port), '-t', 'a', '-l');
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^martlet pub: cannot connect to .*is the server running.*\n$/);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends at %s with a summary', async (signal) => {
    const published = await collect(2, 'signal');
    const program = start(...place(), '-t', 'signal', '-m', 'x', '--rate', '50/s', '-q', '1');
    await published();
    program.signal(signal);
    const exit = await program.exit;
    expect(exit.code).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(exit.stderr).toMatch(/^martlet pub: stopped: \d+ messages? published\n$/);
  });

  test('tells on a terminal that nobody has subscribed to a message, and nobody elsewhere', async () => {
    const args = [...place(), '-V', '5', '-t', 'nobody', '-m', 'x', '-q', '1'];
    const shown = await inTerminal(`'${process.execPath}' '${MAIN}' pub ${args.join(' ')}`);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain('martlet pub: the server has it, but nobody has subscribed to its topic');
    expect(await run('', ...args)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('shows on a terminal how far it is, and nothing elsewhere', async () => {
    const line = `'${process.execPath}' '${MAIN}' pub ${place().join(' ')} -t bar -m x -q 1 --count 30 --rate 20/s`;
    const shown = await inTerminal(line);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(BAR);
    expect(shown.stdout).toMatch(/\d+ of 30 messages, [\d.]+\/s, \d s left/);
    expect(shown.stdout).toContain('\u001b[36m');
    const colourless = await inTerminal(line, { NO_COLOR: '1' });
    expect(colourless.stdout).toMatch(BAR);
    expect(colourless.stdout).not.toContain('\u001b[3');
    expect(await run('', ...place(), '-t', 'bar', '-m', 'x', '--count', '5')).toMatchObject({
      stdout: '',
      stderr: '',
    });
  });
});
