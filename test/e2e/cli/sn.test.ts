// `martlet sn`, as built: with the listener of a broker, and with a gateway in front of Debian's Mosquitto.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN, urlIn } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { hasPseudoTerminals, TerminalProgram } from '../terminal-program.ts';

const programs = new Programs();
let directory: string;
let groupPort: number;
let url: string;
let sn: string;

beforeAll(async () => {
  buildMartlet();
  directory = mkdtempSync(join(tmpdir(), 'martlet-sn-'));
  groupPort = await freePort();
  writeFileSync(
    join(directory, 'martlet.yaml'),
    `store: { directory: false }
control: { socket: none }
listeners:
  - { port: 0 }
  - protocol: mqtt-sn
    port: 0
    mqttSn:
      gatewayId: 7
      group: 225.1.1.1
      groupPort: ${groupPort}
      groupInterface: 127.0.0.1
      predefinedTopics: [{ topicId: 5, topicName: lamp/5 }]
      unconnected: { networks: 127.0.0.0/8, retain: true }
`,
  );
  const broker = martlet('start');
  url = urlIn(await broker.line(/^MQTT: /));
  sn = portIn(await broker.line(/^MQTT-SN: udp:/));
});
afterAll(async () => {
  await programs.stopAll();
  rmSync(directory, { recursive: true });
});

function martlet(...args: readonly string[]): Program {
  return programs.start(process.execPath, [MAIN, ...args], { cwd: directory });
}

function run(...args: readonly string[]): Promise<Exit> {
  return programs.run(process.execPath, [MAIN, ...args], { cwd: directory });
}

/** In a line such as `MQTT-SN: udp://127.0.0.1:40123`. */
function portIn(line: string): string {
  return /:(\d+)(?:,|$)/.exec(line)![1]!;
}

test.each(['0', '1', '2'])(
  'what is published at QoS %s is there for who subscribes later, over MQTT-SN and over MQTT',
  async (qos) => {
    const topic = `kept/${qos}`;
    expect(await run('sn', 'pub', '-p', sn, '-t', topic, '-m', `qos ${qos}`, '-q', qos, '-r')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect((await run('sub', '-L', `${url}/${topic}`, '-C', '1', '-v')).stdout).toBe(`${topic} qos ${qos}\n`);
    const over = ['-t', topic, '-C', '1', '-v', '-W', '20s', '-q', qos];
    expect(await run('sn', 'sub', '-p', sn, ...over)).toMatchObject({
      code: 0,
      stdout: `${topic} qos ${qos}\n`,
    });
  },
);

test('lines of standard input are a message each', async () => {
  const sub = martlet('sub', '-L', `${url}/lines`, '-C', '2', '--retain-as-published');
  const pub = martlet('sn', 'pub', '-p', sn, '-t', 'lines', '-l', '-q', '1', '-r');
  pub.child.stdin?.end('one\ntwo\n');
  expect(await pub.exit).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await run('sn', 'sub', '-p', sn, '-t', 'lines', '-C', '1', '-W', '20s');
  expect(stdout).toBe('two\n');
  await sub.stop();
});

test('a predefined topic needs no connection, and a name in full is warned of', async () => {
  expect(await run('sn', 'pub', '-p', sn, '-T', '5', '-m', 'on', '-q', '-1', '-r')).toMatchObject({
    code: 0,
    stderr: '',
  });
  const sub = ['sn', 'sub', '-p', sn, '-T', '5', '-C', '1', '-v', '-W', '20s'];
  expect((await run(...sub)).stdout).toBe('predefined:5 on\n');
  writeFileSync(join(directory, 'topics'), '*,lamp/5,5\n');
  expect((await run(...sub, '--predefined-topics', 'topics')).stdout).toBe('lamp/5 on\n');
  const { stderr } = await run('sn', 'pub', '-p', sn, '-t', 'lamp/5', '-m', 'on', '-q', '-1');
  expect(stderr).toBe(
    'martlet sn: with -q -1 most gateways take -T number and --short name alone; nobody says whether this came\n',
  );
});

test('a sleeper gets what came meanwhile when it looks', async () => {
  await run('sn', 'pub', '-p', sn, '-t', 'asleep', '-m', 'first', '-r', '-q', '1');
  const sleeper = martlet(
    'sn',
    'sub',
    '-p',
    sn,
    '-t',
    'asleep',
    '-q',
    '1',
    '-C',
    '2',
    '-c',
    '-i',
    'sleeper',
    '--sleep',
    '1s',
  );
  await sleeper.line(/^first$/);
  await run('pub', '-L', `${url}/asleep`, '-m', 'second', '-q', '1');
  expect(await sleeper.exit).toMatchObject({ code: 0, stdout: 'first\nsecond\n' });
});

test('nothing in time is told by exit code 27, and a gateway that is not there in one line', async () => {
  expect(await run('sn', 'sub', '-p', sn, '-t', 'silence', '-W', '1s')).toMatchObject({
    code: 27,
    stdout: '',
  });
  const nobody = await run('sn', 'pub', '-p', '1', '-t', 'a', '-m', 'x', '--retry', '50ms', '--retries', '1');
  expect(nobody).toMatchObject({ code: 1, stdout: '' });
  expect(nobody.stderr).toMatch(/^martlet sn: UDP 127\.0\.0\.1:1: the gateway did not answer.*\n$/);
});

test('what cannot be a topic is told before anything is sent', async () => {
  const wildcard = await run('sn', 'pub', '-p', '1', '-t', 'a/#', '-m', 'x', '-q', '-1');
  expect(wildcard).toMatchObject({ code: 2, stdout: '' });
  expect(wildcard.stderr).toMatch(/expected a topic name without \+ and #, got "a\/#"\n$/);
});

test('a gateway is found in its group', async () => {
  const args = ['-p', String(groupPort), '--interface', '127.0.0.1', '-C', '1', '-W', '20s'];
  expect(await run('sn', 'discover', ...args)).toMatchObject({
    code: 0,
    stdout: `gateway 7 at 127.0.0.1:${sn}\n`,
  });
});

test.skipIf(!hasPseudoTerminals)(
  'on a terminal a dump says where it listens, and shows messages in words',
  async () => {
    const port = String(await freePort());
    const dump = new TerminalProgram(process.execPath, [MAIN, 'sn', 'dump', '-p', port, '-C', '1']);
    await dump.shows(new RegExp(`listening on UDP 127.0.0.1:${port}`));
    await run('sn', 'pub', '-p', port, '-T', '5', '-m', 'on', '-q', '-1');
    const exit = await dump.exit;
    expect(exit.code).toBe(0);
    expect(dump.written).toMatch(/PUBLISH .*qos=-1.*topicId=5.*payload="on"/);
  },
);

const mosquitto = debianTool('mosquitto');
describe.skipIf(mosquitto.path === undefined)(`In front of Debian's Mosquitto ${mosquitto.label}`, () => {
  let broker: MosquittoBroker;
  let port: string;
  beforeAll(async () => {
    broker = await MosquittoBroker.start(mosquitto.path!);
    const gateway = martlet('sn', 'gateway', '-p', '0', '--broker', `mqtt://127.0.0.1:${broker.tcpPort}`);
    port = portIn(await gateway.line(/^MQTT-SN on UDP /));
  });
  afterAll(() => broker.close());

  test.each(['0', '1', '2'])('messages go both ways at QoS %s', async (qos) => {
    const at = `mqtt://127.0.0.1:${broker.tcpPort}/kept/${qos}`;
    expect(
      (await run('sn', 'pub', '-p', port, '-t', `kept/${qos}`, '-m', 'there', '-q', qos, '-r')).code,
    ).toBe(0);
    expect((await run('sub', '-L', at, '-C', '1')).stdout).toBe('there\n');
    await run('pub', '-L', at, '-m', 'back', '-q', '1', '-r');
    const { stdout } = await run(
      'sn',
      'sub',
      '-p',
      port,
      '-t',
      'kept/#',
      '-C',
      '1',
      '-q',
      qos,
      '-v',
      '-W',
      '20s',
    );
    expect(stdout).toMatch(/^kept\/\d \w+\n$/);
  });

  test('messages longer than what devices take are dropped, and those behind them come', async () => {
    const url = `mqtt://127.0.0.1:${broker.tcpPort}`;
    const gateway = martlet('sn', 'gateway', '-p', '0', '--broker', url, '--maximum-message-bytes', '60');
    const there = portIn(await gateway.line(/^MQTT-SN on UDP /));
    for (const [topic, length] of [
      ['a', 40],
      ['b', 70],
      ['c', 41],
    ] as const)
      await run('pub', '-L', `${url}/long/${topic}`, '-m', 'x'.repeat(length), '-q', '1', '-r');
    const { stdout } = await run('sn', 'sub', '-p', there, '-t', 'long/#', '-q', '1', '-C', '2', '-W', '20s');
    expect(stdout.split('\n').map(({ length }) => length)).toEqual([40, 41, 0]);
  });

  test('what a device without CleanSession knows of topics outlives the gateway', async () => {
    const file = join(directory, 'remembered');
    const urlOfBroker = `mqtt://127.0.0.1:${broker.tcpPort}`;
    const gateway = martlet('sn', 'gateway', '-p', '0', '--broker', urlOfBroker, '--remember', file);
    const there = portIn(await gateway.line(/^MQTT-SN on UDP /));
    const pub = ['sn', 'pub', '-p', there, '-c', '-i', 'keeper', '-t', 'kept/topic', '-m', 'x', '-q', '1'];
    expect((await run(...pub)).code).toBe(0);
    gateway.signal('SIGINT');
    await gateway.exit;
    expect(readFileSync(file, 'utf8')).toMatch(/"clientId":"keeper".*"kept\/topic"/);
  });

  test('a broker that is not there is told with its reason, and the client that the gateway has no room', async () => {
    const none = await freePort();
    const gateway = martlet('sn', 'gateway', '-p', '0', '--broker', `mqtt://127.0.0.1:${none}`);
    const there = portIn(await gateway.line(/^MQTT-SN on UDP /));
    const { code } = await run('sn', 'pub', '-p', there, '-t', 'a', '-m', 'x', '--retry', '500ms');
    expect(code).toBe(1);
    expect(gateway.stderr).toMatch(/a connection to mqtt:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });
});
