// The table of acl_file's rules, shown by Debian's Mosquitto and by a broker of ours: what comes through, and what does not.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBroker } from '@martlet/broker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildAuthorizer } from '../../packages/broker/src/access/authorization/build-authorizer.ts';
import type { AclCase } from '../../packages/broker/test/access/authorization/acl-cases.ts';
import { ACL_CASES } from '../../packages/broker/test/access/authorization/acl-cases.ts';
import { debianTool } from '../debian-tools.ts';
import { MosquittoBroker } from '../mosquitto-broker.ts';
import { PacketClient } from './packet-client.ts';

const mosquitto = debianTool('mosquitto');

/** Who may do everything, and sees what comes through. */
const WATCHER = 'user watcher\ntopic #\ntopic $SYS/#\ntopic $a/#\n';

interface RunningBroker {
  readonly port: number;
  close(): Promise<void>;
}

let directory: string;
let running: RunningBroker | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-acl-'));
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  rmSync(directory, { recursive: true, force: true });
});

function aclFileOf({ acl }: AclCase): string {
  const file = join(directory, 'acl');
  writeFileSync(file, `${acl}${WATCHER}`);
  return file;
}

async function startMosquitto(aclCase: AclCase): Promise<RunningBroker> {
  const broker = await MosquittoBroker.start(mosquitto.path!, [`acl_file ${aclFileOf(aclCase)}`]);
  return { port: broker.tcpPort, close: () => broker.close() };
}

async function startOurs(aclCase: AclCase): Promise<RunningBroker> {
  const { authorizer } = await buildAuthorizer({
    default: 'allow',
    methods: [{ type: 'aclFile', file: aclFileOf(aclCase), denySubscribe: false }],
    groups: {},
    rules: [],
  });
  const broker = createBroker({ authorizer });
  const listener = await broker.listen({ host: '127.0.0.1', port: 0 });
  if (listener.address.kind !== 'tcp') throw new Error('expected a TCP port');
  return { port: listener.address.port, close: () => broker.close() };
}

/** The topics of those messages of ours that came, in order. */
function topicsOf(client: PacketClient, payload: string): readonly string[] {
  const text = new TextDecoder();
  return client.messages
    .filter((message) => text.decode(message.payload) === payload)
    .map(({ topicName }) => topicName);
}

async function expectCase({ port }: RunningBroker, aclCase: AclCase): Promise<void> {
  const { client: who, writes, doesNotWrite, reads, doesNotRead } = aclCase;
  const watcher = await PacketClient.connect(port, { clientId: 'watcher', username: 'watcher' });
  for (const filter of ['#', '$SYS/#', '$a/#']) await watcher.subscribe(filter);
  const client = await PacketClient.connect(port, who);
  for (const topic of [...writes, ...doesNotWrite]) await client.publish(topic, 'written');
  await watcher.settled();
  expect(topicsOf(watcher, 'written')).toEqual(writes);

  // What a broker tells under $SYS nobody publishes; our method's own test has it.
  const isOurs = (topic: string): boolean => topic !== '' && !topic.startsWith('$SYS');
  const topics = [...reads, ...doesNotRead].filter(isOurs);
  for (const topic of topics) await client.subscribe(topic);
  for (const topic of topics) await watcher.publish(topic, 'read');
  await client.settled();
  expect(topicsOf(client, 'read')).toEqual(reads.filter(isOurs));
  watcher.close();
  client.close();
}

describe.skipIf(mosquitto.path === undefined)(
  `With an acl_file, Debian's Mosquitto ${mosquitto.label}`,
  () => {
    test.each(ACL_CASES)('agrees: $title', async (aclCase) => {
      running = await startMosquitto(aclCase);
      await expectCase(running, aclCase);
    });
  },
);

describe('With an acl_file, a broker of ours', () => {
  test.each(ACL_CASES)('agrees: $title', async (aclCase) => {
    running = await startOurs(aclCase);
    await expectCase(running, aclCase);
  });
});
