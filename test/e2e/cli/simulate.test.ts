// `martlet simulate`, as built, against our broker: its devices come, say what they should, go and break, and outlive a server
// that is gone for a while.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBroker } from '@martlet/broker';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const mosquitto = debianTool('mosquitto');
const directory = mkdtempSync(join(tmpdir(), 'martlet-simulate-'));
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

/** A file with these devices. */
function scenario(...devices: readonly object[]): string {
  const path = join(directory, 'scenario.json');
  writeFileSync(path, JSON.stringify({ devices }));
  return path;
}

function simulate(words: readonly string[], port: number = served.port): Program {
  return programs.start(process.execPath, [MAIN, 'simulate', '-p', String(port), ...words]);
}

function ran(...words: readonly string[]): Promise<Exit> {
  return programs.run(process.execPath, [MAIN, 'simulate', ...words]);
}

/** All messages of a filter while something goes on, as `topic payload`. */
async function messagesWhile(
  topicFilter: string,
  goesOn: Promise<Exit>,
): Promise<{ exit: Exit; lines: string[] }> {
  const lines: string[] = [];
  const subscription = served.broker.subscribe(topicFilter, (message) => {
    lines.push(`${message.topicName} ${message.text()}`);
  });
  const exit = await goesOn;
  subscription.unsubscribe();
  return { exit, lines };
}

const MESSAGE = { topic: 'sim/{{n}}', payload: '{{i}}', every: '100ms', qos: 1 };

test('an example is a scenario that runs, and all that it publishes arrives', async () => {
  const { code, stdout } = await ran('--example', 'home');
  expect(code).toBe(0);
  const path = join(directory, 'home.json');
  writeFileSync(path, stdout);
  const words = [path, '--seed', '7', '--duration', '2s', '--speed', '10'];
  const { exit, lines } = await messagesWhile('home/#', simulate(words).exit);
  expect(exit).toMatchObject({ code: 0, stdout: '' });
  expect(exit.stderr).toMatch(/^9 devices, seed 7; Ctrl\+C ends it\n9 devices, \d+ messages published\n$/);
  expect(lines).toHaveLength(Number(/, (\d+) messages/.exec(exit.stderr)![1]));
  const climate = lines.find((line) => line.startsWith('home/room1/climate'))!;
  expect(JSON.parse(climate.slice(climate.indexOf('{')))).toEqual({
    temperature: expect.any(Number),
    humidity: expect.any(Number),
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
});

test('the same seed, the same messages', async () => {
  const path = scenario({
    name: 'd',
    count: 3,
    values: { v: { kind: 'drift', step: 1, min: 0, max: 100, noise: 1 } },
    messages: [{ ...MESSAGE, topic: 'seed/{{n}}', payload: '{{v}}', jitter: '50ms' }],
  });
  const words = [path, '--seed', '3', '--duration', '1s', '--begin-within', '0s'];
  const once = await messagesWhile('seed/+', simulate(words).exit);
  const again = await messagesWhile('seed/+', simulate(words).exit);
  // Messages of one device keep their order.
  const of = (lines: readonly string[], n: number): readonly string[] =>
    lines.filter((line) => line.startsWith(`seed/${n} `));
  for (const n of [1, 2, 3]) expect(of(again.lines, n)).toEqual(of(once.lines, n));
  expect(once.lines.length).toBeGreaterThan(20);
});

describe.each(['mqttv311', 'mqttv5'])('with %s', (version) => {
  const will = { topic: `will/${version}/{{n}}`, payload: 'lost' };

  test('a device that breaks has its will published, and one that leaves has not', async () => {
    const connection = { onlineFor: '300ms', offlineFor: '1h', will };
    const path = scenario(
      { name: 'breaks', messages: [MESSAGE], connection: { ...connection, breaks: true } },
      {
        name: 'leaves',
        messages: [MESSAGE],
        connection: { ...connection, will: { ...will, topic: `will/${version}/none` } },
      },
    );
    const words = [path, '-V', version, '--duration', '1s', '--begin-within', '0s'];
    const { exit, lines } = await messagesWhile(`will/${version}/#`, simulate(words).exit);
    expect(exit.code).toBe(0);
    expect(lines).toEqual([`will/${version}/1 lost`]);
  });

  test('a device with a session that is kept finds it again, and loses nothing of QoS 2', async () => {
    const clientId = `kept-${version}`;
    const path = scenario({
      name: 'kept',
      clientId,
      messages: [{ topic: `kept/${version}`, payload: '{{i}}', every: '20ms', qos: 2 }],
      connection: { onlineFor: '150ms', offlineFor: '50ms', breaks: true, sessionExpiryInterval: 60 },
    });
    const present: boolean[] = [];
    const off = served.broker.on('clientConnected', (event) => {
      if (event.clientId === clientId) present.push(event.sessionPresent);
    });
    const words = [path, '-V', version, '--duration', '1500ms', '--begin-within', '0s'];
    const { exit, lines } = await messagesWhile(`kept/${version}`, simulate(words).exit);
    off();
    expect(exit.code).toBe(0);
    expect(present.length).toBeGreaterThan(3);
    expect(present).toEqual([false, ...present.slice(1).map(() => true)]);
    const numbers = lines.map((line) => Number(line.split(' ')[1]));
    // Each once; all but those of the last connection, which may not have ended.
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i));
  });
});

test('a thousand devices', async () => {
  const path = scenario({
    name: 'many',
    count: 1000,
    messages: [{ ...MESSAGE, topic: 'many/{{n}}', every: '1s' }],
  });
  const words = [path, '--duration', '3s', '--begin-within', '2s'];
  const { exit, lines } = await messagesWhile('many/+', simulate(words).exit);
  expect(exit.code).toBe(0);
  expect(exit.stderr).not.toContain('lost');
  expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(1000);
});

test('Ctrl+C ends it with a summary', async () => {
  const program = simulate([scenario({ name: 'd', messages: [MESSAGE] })]);
  await served.next('clientConnected', ({ clientId }) => clientId === 'd-1');
  program.signal('SIGINT');
  const { code, stderr } = await program.exit;
  expect(code).toBe(0);
  expect(stderr).toMatch(/\n1 device, \d+ messages? published\n$/);
});

test('a server that is gone and comes back finds its devices again', async () => {
  const first = createBroker();
  const port = await freePort();
  await first.listen({ port });
  const program = simulate([scenario({ name: 'back', messages: [{ ...MESSAGE, topic: 'back' }] })], port);
  await new Promise<void>((resolve) => first.subscribe('back', () => resolve()));
  await first.close();
  await program.line(/^martlet simulate: /, 'stderr');
  const second = createBroker();
  await second.listen({ port });
  const numbers: number[] = [];
  await new Promise<void>((resolve) => {
    second.subscribe('back', (message) => {
      numbers.push(Number(message.text()));
      if (numbers.length === 3) resolve();
    });
  });
  program.signal('SIGTERM');
  const { stderr } = await program.exit;
  await second.close();
  // What was due meanwhile does not come in one burst.
  expect(numbers[0]).toBeGreaterThan(0);
  // Whether anything was due meanwhile depends on how soon it was connected again.
  expect(stderr).toMatch(/\n1 device, \d+ messages published(?:.*, \d+ left out without a connection)?\n$/);
});

describe('it says in one line', () => {
  test.each([
    [['--example', 'hom'], 2, /--example: expected home, factory, got 'hom'/],
    [[], 2, /expected a scenario, got none; --example home prints one to begin with/],
    [['x.json', '--example', 'home'], 2, /expected a scenario or --example, got both/],
    [['/nowhere/x.json'], 1, /\/nowhere\/x\.json/],
    [['--sped', '2', 'x.json'], 2, /did you mean '?--speed'?\?/],
  ] as const)('what is wrong with %j', async (words, code, text) => {
    const exit = await ran(...words);
    expect(exit).toMatchObject({ code, stdout: '' });
    expect(exit.stderr.trim().split('\n')).toEqual([expect.stringMatching(text)]);
  });

  test('where a scenario is wrong', async () => {
    const path = scenario({ name: 'd', messages: [{ ...MESSAGE, payload: { a: ['{{nn}}'] } }] });
    const { code, stderr } = await ran(path);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^martlet simulate: \S+scenario\.json: devices\[0\]\.messages\[0\]\.payload: template: .*got 'nn'.*\n$/,
    );
  });

  test('that nobody listens there', async () => {
    const port = await freePort();
    const { code, stderr } = await simulate([scenario({ name: 'd', count: 50, messages: [MESSAGE] })], port)
      .exit;
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/\nmartlet simulate: .*nothing listens on port/);
  });
});

test.skipIf(mosquitto.path === undefined)(
  `a server that lets no device in ends it with its reason ${mosquitto.label}`,
  async () => {
    const strict = await MosquittoBroker.start(mosquitto.path!, ['allow_anonymous false']);
    try {
      const path = scenario({ name: 'd', count: 3, messages: [MESSAGE] });
      const { code, stderr } = await simulate([path, '-V', 'mqttv311'], strict.tcpPort).exit;
      expect(stderr).toMatch(/[Nn]ot authorized/);
      expect(code).toBe(5);
    } finally {
      await strict.close();
    }
  },
);
