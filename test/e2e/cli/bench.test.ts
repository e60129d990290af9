// `martlet bench` as it is built, in threads, against our broker and Debian's Mosquitto: short runs whose figures nobody
// looks at, but for those that have to be exact.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const mosquitto = debianTool('mosquitto');
const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-bench-'));
/** Nothing that a machine has of its own may count. */
const env = { PATH: process.env['PATH'], HOME: '/nonexistent' };

beforeAll(buildMartlet);
afterEach(() => programs.stopAll());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What of a result the tests look at. */
interface Result {
  readonly end: string;
  readonly messages: Readonly<Record<'sent' | 'answered' | 'delivered' | 'failed', number>>;
  readonly connections: Readonly<Record<'asked' | 'made' | 'lost', number>>;
  readonly proof: Readonly<Record<'expected' | 'lost' | 'duplicates' | 'reordered', number>> | null;
  readonly broker: { readonly source: string; readonly memoryMaximumBytes: number } | null;
}

function file(name: string): string {
  return join(directory, name);
}

function readResult(name: string): Result {
  return JSON.parse(readFileSync(file(name), 'utf8')) as Result;
}

function start(port: number, ...args: readonly string[]): Program {
  const words = [MAIN, 'bench', '-h', '127.0.0.1', '-p', String(port), ...args];
  return programs.start(process.execPath, words, { env });
}

async function run(port: number, ...args: readonly string[]): Promise<Exit> {
  const program = start(port, ...args);
  program.child.stdin?.end();
  return program.exit;
}

const SCENARIOS = [
  ['pairs', 'pairs -q 1 --count 300 --publishers 3', { sent: 300, answered: 300, delivered: 300 }],
  [
    'pairs in several threads',
    'pairs -q 2 --count 200 --workers 3',
    { sent: 200, answered: 200, delivered: 200 },
  ],
  ['fan-out', 'fan-out --subscribers 5 --count 100 --workers 2', { sent: 100, delivered: 500 }],
  [
    'fan-in',
    'fan-in -q 1 --publishers 8 --count 200 --workers 2 --subscribe-qos 0',
    { sent: 200, delivered: 200 },
  ],
  ['shared', 'shared -q 1 --count 300 --workers 2 --topics 2', { sent: 300, delivered: 300 }],
  ['publish', 'publish -q 1 --count 100', { sent: 100, answered: 100, delivered: 0 }],
  ['an open loop', 'pairs -q 1 --rate 400 --duration 500ms --warm-up 500ms', { sent: 400, delivered: 400 }],
  ['subscribe', 'subscribe -n 5 --subscriptions 4', { sent: 20, answered: 20 }],
  ['connections', 'connections -n 40 --duration 250ms', { sent: 0 }],
  ['retained messages', 'pairs -r --publishers 2 --count 50 -q 1 -V 31', { sent: 50, delivered: 50 }],
] as const;

describe.each(['martlet', 'mosquitto'] as const)('martlet bench against %s', (name) => {
  const isSkipped = name === 'mosquitto' && mosquitto.path === undefined;

  describe.skipIf(isSkipped)(isSkipped ? mosquitto.label : 'measures', () => {
    let port = 0;
    let close = async (): Promise<void> => {};

    beforeAll(async () => {
      if (name === 'martlet') {
        const broker = await ServedBroker.start();
        port = broker.port;
        close = () => broker.close();
      } else {
        const broker = await MosquittoBroker.start(mosquitto.path!);
        port = broker.tcpPort;
        close = () => broker.close();
      }
    });
    afterAll(() => close());

    test.each(SCENARIOS)('%s', async (_title, line, counts) => {
      const { code, stdout, stderr } = await run(port, ...line.split(' '), '--json', file('result.json'));
      expect(stderr).toBe('');
      expect({ code, stdout }).toMatchObject({ code: 0 });
      const { messages, proof, end, connections } = readResult('result.json');
      expect(end).toBe('complete');
      expect(messages).toMatchObject({ ...counts, failed: 0 });
      expect(connections.made).toBe(connections.asked);
      if (messages.delivered > 0) {
        expect(stdout).toContain(`Proved: all ${messages.delivered} deliveries came, each once`);
        expect(proof).toMatchObject({ expected: messages.delivered, lost: 0, duplicates: 0, reordered: 0 });
      }
      expect(stdout).not.toContain('\u001b');
    });

    test('leaves no retained message behind', async () => {
      await run(port, 'pairs', '-r', '--count', '50', '-t', 'kept');
      const client = connect(`mqtt://127.0.0.1:${port}`);
      const found: string[] = [];
      // A message of its own comes behind everything that is retained.
      await new Promise<void>((resolve) => {
        const pending = client.subscribe('kept/#', { qos: 1 }, ({ topicName }) => {
          found.push(topicName);
          if (topicName === 'kept/end') resolve();
        });
        void pending.then(() => client.publish('kept/end', 'x', { qos: 1 }));
      });
      await client.close();
      expect(found).toEqual(['kept/end']);
    });
  });
});

/** Fulfils when the run has sent its first message. */
async function firstMessage(port: number, topicFilter: string): Promise<() => Promise<void>> {
  const client = connect(`mqtt://127.0.0.1:${port}`);
  client.on('offline', () => {});
  let resolve = (): void => {};
  const came = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  await client.subscribe(topicFilter, { qos: 0 }, () => resolve());
  return async () => {
    await came;
    await client.close({ timeoutMs: 0 });
  };
}

describe.skipIf(mosquitto.path === undefined)(
  `When something is wrong, martlet bench ${mosquitto.label}`,
  () => {
    const brokers: MosquittoBroker[] = [];
    afterEach(async () => {
      for (const broker of brokers.splice(0)) await broker.close();
    });

    async function brokerWith(...settings: readonly string[]): Promise<MosquittoBroker> {
      const broker = await MosquittoBroker.start(mosquitto.path!, settings);
      brokers.push(broker);
      return broker;
    }

    test('proves a loss that an acknowledgement hid, and fails', async () => {
      // Version 3.1.1 has no word for "you may not": Mosquitto acknowledges the message and drops it.
      writeFileSync(file('acl'), 'topic readwrite lossy/0\ntopic read lossy/1\ntopic readwrite lossy/2\n');
      const { tcpPort } = await brokerWith(`acl_file ${file('acl')}`);
      const { code, stdout } = await run(
        tcpPort,
        ...['pairs', '-V', '311', '-q', '1', '--publishers', '3', '--count', '60', '-t', 'lossy'],
        ...['--drain', '500ms'],
        ...['--json', file('lossy.json')],
      );
      expect(code).toBe(1);
      expect(stdout).toContain('20 of 60 deliveries (33.3 %) did not come, which had been promised at QoS 1');
      expect(stdout).toContain('publisher 1 → subscriber 1: 0–19');
      expect(readResult('lossy.json').messages).toMatchObject({ sent: 60, answered: 60, delivered: 40 });
    });

    test('counts the connections that are refused, and goes on with the others', async () => {
      const port = await freePort();
      await brokerWith(`listener ${port} 127.0.0.1`, 'max_connections 12');
      const { code, stdout } = await run(port, 'connections', '-n', '20', '--duration', '250ms');
      expect(code).toBe(1);
      expect(stdout).toMatch(/connections {2}11 of 20/);
      expect(stdout).toMatch(/9 of 20 connections \(45\.0 %\) could not be made or used: .*\(9 times\)/);
    });

    test('ends with what there is when the server dies', async () => {
      const broker = await brokerWith();
      const begun = await firstMessage(broker.tcpPort, 'dying/#');
      const program = start(
        broker.tcpPort,
        ...['pairs', '-q', '1', '--rate', '200', '--warm-up', '0', '--duration', '1m', '-t', 'dying'],
        ...['--json', file('dead.json')],
      );
      await begun();
      await broker.close();
      brokers.splice(0);
      const { code, stdout, stderr } = await program.exit;
      expect(stderr).toBe('');
      expect(code).toBe(1);
      expect(stdout).toContain('The run ended early: every connection was lost.');
      expect(stdout).toContain('20 of 20 connections (100 %) were lost during the run');
      expect(readResult('dead.json').connections).toMatchObject({ made: 20, lost: 20 });
    });

    test('looks at the process of the server where it is told which', async () => {
      const { tcpPort } = await brokerWith();
      const args = ['--broker-pid', String(process.pid), '--json', file('pid.json'), '--count', '20'];
      expect((await run(tcpPort, ...args)).code).toBe(0);
      const { broker } = readResult('pid.json');
      expect(broker).toMatchObject({ source: 'process' });
      expect(broker!.memoryMaximumBytes).toBeGreaterThan(1_000_000);
    });
  },
);

describe('martlet bench', () => {
  let broker: ServedBroker;
  beforeAll(async () => {
    broker = await ServedBroker.start();
  });
  afterAll(() => broker.close());

  test('ends at Ctrl-C with the summary so far, the files, and 130', async () => {
    const begun = await firstMessage(broker.port, 'left/#');
    const program = start(
      broker.port,
      ...['pairs', '-q', '1', '--rate', '200', '--warm-up', '0', '--duration', '1m', '-t', 'left'],
      ...['--json', file('left.json'), '--html', file('left.html')],
    );
    await begun();
    program.signal('SIGINT');
    const { code, stdout, stderr } = await program.exit;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout).toContain('The run was interrupted: the figures are of what there was until then.');
    expect(stdout).toMatch(/Proved: all \d+ deliveries came, each once and in order\./);
    expect(readResult('left.json').end).toBe('interrupted');
    expect(readFileSync(file('left.html'), 'utf8')).toContain('<title>');
  });

  test('compares two results, and draws both', async () => {
    for (const name of ['one', 'two']) {
      const args = ['--count', '50', '-q', '1', '--title', name, '--json', file(`${name}.json`)];
      expect((await run(broker.port, ...args)).code).toBe(0);
    }
    const html = file('both.html');
    const args = ['--compare', file('one.json'), file('two.json'), '--html', html];
    const { code, stdout } = await run(broker.port, ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +one +two +ratio$/m);
    expect(stdout).toMatch(/^delivery, p50, ms .* × /m);
    expect(readFileSync(html, 'utf8')).toContain('<h1>one <small>and</small> two</h1>');
  });

  test('writes results to standard output for other programs, and the summary beside them', async () => {
    const { code, stdout, stderr } = await run(broker.port, '--count', '20', '--json', '-');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Result).messages.sent).toBe(20);
    expect(stderr).toContain('Proved: all 20 deliveries came');
  });

  test('shows how far it is on a terminal', async () => {
    const words = [
      process.execPath,
      MAIN,
      'bench',
      '-h',
      '127.0.0.1',
      '-p',
      String(broker.port),
      '--rate',
      '200',
    ];
    const command = [...words, '--duration', '1s', '--warm-up', '0'].map((word) => `'${word}'`).join(' ');
    const terminal = await programs.run('script', ['-qec', `exec ${command}`, '/dev/null'], {
      env: { ...env, SHELL: '/bin/sh', TERM: 'xterm-256color', NO_COLOR: '1' },
    });
    expect(terminal.code).toBe(0);
    expect(terminal.stdout).toMatch(/\r\u001b\[Kmeasuring {2}[█░]{20} {2}[\d,.]+\/s/);
    expect(terminal.stdout).toContain('s left');
    // What was drawn is taken away before the summary, which has no colour where nobody wants one.
    const [, summary] = terminal.stdout.split('\r\u001b[Kpairs: ');
    expect(summary).toContain('Proved: all 200 deliveries came');
    expect(summary).not.toContain('\u001b');
  });

  test.each([
    [['--hots', 'x'], 2, "martlet bench: unknown option '--hots'; did you mean --host?\n"],
    [['fan'], 2, /^martlet bench: expected one of pairs, fan-out, .*, got 'fan'/],
    [
      ['--rate', '1', '--in-flight', '1'],
      2,
      /^martlet bench: --rate and --in-flight: expected one of them, got both/,
    ],
    [
      ['--compare', 'a'],
      2,
      /^martlet bench: --compare: expected two files that --json has written, got one\n$/,
    ],
    [['--compare', '/nope', '/nope'], 1, 'martlet bench: /nope: there is no such file or directory\n'],
    [['--html', '/nope/x.html'], 1, 'martlet bench: /nope/x.html: there is no such file or directory\n'],
    [['-p', '1'], 1, /^martlet bench: .*nothing listens on port 1 of 127\.0\.0\.1.*\n$/],
  ] as const)('says in one line what is wrong with %j', async (args, code, message) => {
    const exit = await run(broker.port, ...args);
    expect(exit).toMatchObject({ code, stdout: '' });
    if (typeof message === 'string') expect(exit.stderr).toBe(message);
    else expect(exit.stderr).toMatch(message);
    expect(exit.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync('/nope')).toBe(false);
  });
});
