// `martlet why`, as built, beside a broker that runs: rules with their lines, subscriptions, queues, what was refused lately.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@martlet/client';
import { connect } from '@martlet/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMartlet, MAIN, urlIn } from '../martlet-command.ts';
import type { Exit } from '../program.ts';
import { Programs } from '../program.ts';

const CONFIGURATION = `store: { directory: false, durability: memory }
listeners:
  - { name: main, port: 0 }
control: { socket: control.sock }
authentication: { anonymous: true }
authorization:
  default: deny
  rules:
    - allow: [publish]
      topics: ['home/#']
      who: { clientIds: ['door*'] }
    - deny: [receive]
      topics: ['home/secret']
    - allow: [subscribe, receive]
      topics: ['#']
`;

const programs = new Programs();
const clients: Client[] = [];
let directory: string;
let url: string;

beforeAll(async () => {
  buildMartlet();
  directory = mkdtempSync(join(tmpdir(), 'martlet-why-'));
  write('martlet.yaml', CONFIGURATION);
  const broker = programs.start(process.execPath, [MAIN, 'start'], { cwd: directory });
  url = urlIn(await broker.line(/MQTT: mqtt:/));
  const lamp = connect(url, { clientId: 'lamp', sessionExpiryInterval: 3600 });
  clients.push(lamp);
  await lamp.subscribe('home/#', { qos: 1 });
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await programs.stopAll();
  rmSync(directory, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

function why(...args: readonly string[]): Promise<Exit> {
  const command = [MAIN, 'why', '--control', 'control.sock', ...args];
  return programs.start(process.execPath, command, { cwd: directory }).exit;
}

describe('martlet why', () => {
  test('says that a message arrives, by which rule, and to whom', async () => {
    const { code, stdout } = await why(
      '--client',
      'door1',
      '--topic',
      'home/door',
      '--publish',
      '--username',
      'x',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/martlet\.yaml:9: allow: \[publish\]/);
    expect(stdout).toMatch(/lamp at QoS 0 by home\/#/);
  });

  test('names the line of the rule that keeps a message from a subscriber', async () => {
    const { code, stdout } = await why('--client', 'lamp', '--topic', 'home/secret');
    expect(code).toBe(1);
    expect(stdout).toMatch(/martlet\.yaml:12: deny: \[receive\]/);
    expect(stdout).toContain('home/# at QoS 1');
  });

  test('tells a publisher that was refused what refused it, and when', async () => {
    const other = connect(url, { clientId: 'other' });
    clients.push(other);
    await expect(other.publish('home/a', 'x', { qos: 1 })).rejects.toThrow();
    const { code, stdout } = await why('--client', 'other', '--topic', 'home/a', '--publish');
    expect(code).toBe(1);
    expect(stdout).toMatch(/may not publish there/);
    expect(stdout).toMatch(/martlet\.yaml:7: default: deny/);
    expect(stdout).toMatch(/Refused or ended lately\n {2}\d{4}-\d\d-\d\dT.*publish home\/a/);
  });

  test('answers for a configuration that is not in effect, and changes nothing', async () => {
    write(
      'next.yaml',
      CONFIGURATION.replace(
        "deny: [receive]\n      topics: ['home/secret']",
        "allow: [receive]\n      topics: ['home/secret']",
      ),
    );
    expect((await why('--client', 'lamp', '--topic', 'home/secret', '--config', 'next.yaml')).code).toBe(0);
    expect((await why('--client', 'lamp', '--topic', 'home/secret')).code).toBe(1);
    write('bad.yaml', CONFIGURATION.replace('default', 'defalt'));
    expect(await why('--client', 'lamp', '--topic', 'home/a', '--config', 'bad.yaml')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/bad\.yaml:7:\d+: .*did you mean default\?/),
    });
  });

  test('gives all of it as JSON', async () => {
    const { stdout } = await why('--client', 'lamp', '--topic', 'home/a', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ clientId: 'lamp', action: 'receive', arrives: true });
  });

  test.each([
    [[], 'expected --client id: whose message is it about?'],
    [['--client', 'a'], 'expected --topic topic: where is it published?'],
    [
      ['--client', 'a', '--topic', 'b', '--publish', '--receive'],
      'expected --publish or --receive, got both',
    ],
  ])('says in one line what is missing: %j', async (args, text) => {
    expect(await why(...args)).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `martlet why: ${text}\n`,
    });
  });
});
