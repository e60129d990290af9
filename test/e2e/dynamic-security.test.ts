// Dynamic security over the network: Debian's plugin and a server of ours, asked the same by packets and by mosquitto_ctrl.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Server } from '../../packages/broker/src/server/server.ts';
import { portOf, ServedTest } from '../../packages/broker/test/server/served.ts';
import { debianTool } from '../debian-tools.ts';
import { MosquittoBroker } from '../mosquitto-broker.ts';
import { PacketClient } from './packet-client.ts';
import { Programs } from './program.ts';

const mosquitto = debianTool('mosquitto');
const ctrl = debianTool('mosquitto_ctrl');
const plugin = readdirSync('/usr/lib')
  .map((directory) => `/usr/lib/${directory}/mosquitto_dynamic_security.so`)
  .find((path) => existsSync(path));
const lacksPlugin = mosquitto.path === undefined || plugin === undefined;

const FIXTURES = new URL('../../packages/broker/test/access/dynamic-security/', import.meta.url);
const { commands, messages }: { commands: [unknown, unknown][]; messages: [string, string][] } = JSON.parse(
  readFileSync(new URL('mosquitto-answers.json', FIXTURES), 'utf8'),
);
const CONTROL = '$CONTROL/dynamic-security/v1';
const ADMIN = { clientId: 'admin-1', username: 'admin', password: 'adminpw' };

interface RunningBroker {
  readonly port: number;
  close(): Promise<void>;
}

let directory: string;
let running: RunningBroker[];
const programs = new Programs();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-dynsec-e2e-'));
  running = [];
});
afterEach(async () => {
  await programs.stopAll();
  for (const each of running) await each.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A file in which `admin` may administer, as `mosquitto_ctrl dynsec init` made it, in a directory of its own. */
function firstFile(name: string): string {
  mkdirSync(join(directory, name));
  const file = join(directory, name, 'dynamic-security.json');
  copyFileSync(new URL('mosquitto-first.json', FIXTURES), file);
  return file;
}

async function startMosquitto(): Promise<RunningBroker> {
  const settings = [`plugin ${plugin}`, `plugin_opt_config_file ${firstFile('mosquitto')}`];
  const broker = await MosquittoBroker.start(mosquitto.path!, settings);
  running.push({ port: broker.tcpPort, close: () => broker.close() });
  return running.at(-1)!;
}

interface OurServer extends RunningBroker {
  readonly server: Server;
  readonly file: string;
  readonly lines: readonly string[];
}

async function startOurs(file = firstFile('ours')): Promise<OurServer> {
  const served = new ServedTest();
  const methods = [{ type: 'dynamicSecurity' }];
  const server = await served.start(
    served.configuration({
      authentication: { anonymous: true, methods },
      authorization: { methods },
      dynamicSecurity: { file },
    }),
  );
  const ours = { server, file, lines: served.lines, port: portOf(server, 'main'), close: () => served.end() };
  running.push(ours);
  return ours;
}

/** Who administers, and takes the answers in. */
class Admin {
  readonly client: PacketClient;

  private constructor(client: PacketClient) {
    this.client = client;
  }

  static async connect(port: number): Promise<Admin> {
    const client = await PacketClient.connect(port, ADMIN);
    expect(await client.subscribe(`${CONTROL}/response`)).toBe(1);
    return new Admin(client);
  }

  async ask(payload: string): Promise<string> {
    const answer = this.client.next('publish');
    await this.client.publish(CONTROL, payload);
    const { topicName, payload: bytes, qos } = await answer;
    expect([topicName, qos]).toEqual([`${CONTROL}/response`, 0]);
    return new TextDecoder().decode(bytes);
  }

  async run(...run: unknown[]): Promise<unknown> {
    return JSON.parse(await this.ask(JSON.stringify({ commands: run }))).responses;
  }
}

async function expectRecordedAnswers({ port }: RunningBroker): Promise<void> {
  const admin = await Admin.connect(port);
  for (const [command, expected] of commands)
    expect(await admin.run(command), JSON.stringify(command)).toEqual(expected);
  for (const [payload, expected] of messages) expect(await admin.ask(payload), payload).toBe(expected);
  admin.client.close();
}

describe.skipIf(lacksPlugin)(`Commands to dynamic security, with Debian's plugin ${mosquitto.label}`, () => {
  test('get the answers that are recorded', async () => {
    await expectRecordedAnswers(await startMosquitto());
  }, 60_000);
});

describe('Commands to dynamic security, with a server of ours', () => {
  test('get the answers that are recorded', async () => {
    await expectRecordedAnswers(await startOurs());
  }, 60_000);

  test('change what clients may do at once, and end connections after they were acknowledged', async () => {
    const { port, lines } = await startOurs();
    const admin = await Admin.connect(port);
    await admin.run(
      {
        command: 'createRole',
        rolename: 'r',
        acls: [{ acltype: 'publishClientSend', topic: 'a', allow: true }],
      },
      { command: 'createClient', username: 'ann', password: 'geheim', roles: [{ rolename: 'r' }] },
    );
    const ann = await PacketClient.connect(port, { clientId: 'ann-1', username: 'ann', password: 'geheim' });
    expect(await ann.publish('a', 'x')).toBe(ReasonCode.NoMatchingSubscribers);
    expect(await ann.publish('b', 'x')).toBe(ReasonCode.NotAuthorized);
    expect(await ann.subscribe('a')).toBe(ReasonCode.NotAuthorized);
    expect(await ann.publish(CONTROL, '{"commands":[]}')).toBe(ReasonCode.NotAuthorized);

    // A role that changes counts at once, and ends no connection.
    await admin.run({
      command: 'addRoleACL',
      rolename: 'r',
      acltype: 'subscribePattern',
      topic: 'a/#',
      allow: true,
    });
    expect(await ann.subscribe('a/b')).toBe(1);
    await admin.run({
      command: 'addRoleACL',
      rolename: 'r',
      acltype: 'publishClientReceive',
      topic: 'a/b',
      allow: false,
    });
    const itself = admin.client.next('disconnect'); // after the answer to it
    await admin.run({ command: 'addClientRole', username: 'admin', rolename: 'r' });
    expect((await itself).reasonCode).toBe(ReasonCode.AdministrativeAction);

    const again = await Admin.connect(port);
    const disconnected = ann.next('disconnect');
    await again.run({ command: 'deleteClient', username: 'ann' });
    expect((await disconnected).reasonCode).toBe(ReasonCode.AdministrativeAction);
    const refused = await PacketClient.open(port, { clientId: 'ann-1', username: 'ann', password: 'geheim' });
    expect((await refused.connack).reasonCode).toBe(ReasonCode.BadUserNameOrPassword);
    expect(lines.join('\n')).not.toMatch(/geheim|adminpw/);
    expect(lines.join('\n')).toContain('dynsec: admin-1/admin | createClient | username=ann');
    for (const client of [ann, again.client, refused]) client.close();
  });

  test('are kept when the answer comes, over a start of the server', async () => {
    const file = firstFile('kept');
    const first = await startOurs(file);
    const admin = await Admin.connect(first.port);
    await admin.run({ command: 'createClient', username: 'ann', password: 'p' });
    admin.client.close();
    await first.close();
    running.pop();
    const { port } = await startOurs(file);
    (await PacketClient.connect(port, { clientId: 'c', username: 'ann', password: 'p' })).close();
  });

  test('say when they cannot be kept, and do nothing then', async () => {
    const { port, file } = await startOurs();
    mkdirSync(`${file}.new`);
    const admin = await Admin.connect(port);
    expect(await admin.run({ command: 'createClient', username: 'ann', password: 'p' })).toEqual([
      { command: 'createClient', error: 'The change cannot be kept (EISDIR): nothing was changed' },
    ]);
    const ann = await PacketClient.open(port, { clientId: 'c', username: 'ann', password: 'p' });
    expect((await ann.connack).reasonCode).toBe(ReasonCode.BadUserNameOrPassword);
    for (const client of [ann, admin.client]) client.close();
  });
});

/** What an operator types, in this order. */
const TYPED: readonly (readonly string[])[] = [
  ['getDefaultACLAccess'],
  ['createClient', 'ann', '-p', 'pw', '-c', 'ann-1'],
  ['createClient', 'ann', '-p', 'pw'],
  ['createRole', 'reader'],
  ['addRoleACL', 'reader', 'subscribePattern', 'sensors/#', 'allow', '5'],
  ['addRoleACL', 'reader', 'publishClientReceive', 'sensors/secret', 'deny'],
  ['addRoleACL', 'missing', 'publishClientReceive', 'x', 'deny'],
  ['getRole', 'reader'],
  ['createGroup', 'readers'],
  ['addGroupRole', 'readers', 'reader', '3'],
  ['addGroupClient', 'readers', 'ann', '7'],
  ['addClientRole', 'ann', 'reader', '2'],
  ['getClient', 'ann'],
  ['getGroup', 'readers'],
  ['listClients'],
  ['listClients', '1', '1'],
  ['listGroups'],
  ['listRoles'],
  ['setAnonymousGroup', 'readers'],
  ['getAnonymousGroup'],
  ['setClientId', 'ann'],
  ['setClientPassword', 'ann', 'other'],
  ['disableClient', 'ann'],
  ['getClient', 'ann'],
  ['enableClient', 'ann'],
  ['removeClientRole', 'ann', 'reader'],
  ['removeGroupClient', 'readers', 'ann'],
  ['removeGroupRole', 'readers', 'reader'],
  ['removeRoleACL', 'reader', 'subscribePattern', 'sensors/#'],
  ['removeRoleACL', 'reader', 'subscribePattern', 'sensors/#'],
  ['getRole', 'reader'],
  ['deleteClient', 'ann'],
  ['getClient', 'ann'],
  ['deleteRole', 'reader'],
  ['nonsense'],
];

describe.skipIf(lacksPlugin || ctrl.path === undefined)(`mosquitto_ctrl dynsec ${ctrl.label}`, () => {
  test('says the same to a server of ours as to Mosquitto', async () => {
    const [theirs, ours] = [await startMosquitto(), await startOurs()];
    const said = async ({ port }: RunningBroker, typed: readonly string[]) => {
      const login = ['-h', '127.0.0.1', '-p', String(port), '-u', 'admin', '-P', 'adminpw'];
      const { code, stdout, stderr } = await programs.run(ctrl.path!, [...login, 'dynsec', ...typed]);
      return { code, stdout, stderr };
    };
    for (const typed of TYPED)
      expect(await said(ours, typed), typed.join(' ')).toEqual(await said(theirs, typed));
  }, 60_000);
});
