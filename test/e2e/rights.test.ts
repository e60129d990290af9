// What clients are told of their rights, over the network: by rules, an acl_file and tokens' groups, and who decided.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server } from '../../packages/broker/src/server/server.ts';
import { portOf, ServedTest } from '../../packages/broker/test/server/served.ts';
import { PacketClient } from './packet-client.ts';

let directory: string;
let served: ServedTest;
let clients: PacketClient[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-rights-e2e-'));
  served = new ServedTest();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await served.end();
  rmSync(directory, { recursive: true, force: true });
});

const rule = (more: object) => ({ topics: ['#'], ...more });

function withRights(authorization: object) {
  return served.configuration({ authentication: { anonymous: true }, authorization });
}

async function connected(server: Server, clientId: string, username?: string, protocolVersion: 4 | 5 = 5) {
  const named = username === undefined ? {} : { username };
  const client = await PacketClient.connect(portOf(server, 'main'), { clientId, protocolVersion, ...named });
  clients.push(client);
  return client;
}

const topicsOf = ({ messages }: PacketClient) => messages.map(({ topicName }) => topicName);

test('A denied PUBLISH and SUBSCRIBE are told with a reason, and the connection stays', async () => {
  const server = await served.start(
    withRights({
      default: 'deny',
      rules: [
        rule({ deny: ['publish'], topics: ['a/secret'] }),
        rule({ allow: ['publish', 'subscribe'], topics: ['a/#'], qos: 0 }),
        rule({ allow: ['publish'], topics: ['b/%c'], retain: false }),
      ],
    }),
  );
  const client = await connected(server, 'c1', 'ann');
  expect(await client.subscribe('a/#')).toBe(0); // asked for QoS 1
  expect(await client.subscribe('#')).toBe(ReasonCode.NotAuthorized);
  expect(await client.publish('a/secret', 'x')).toBe(ReasonCode.NotAuthorized);
  expect(await client.publish('a/b', 'x')).toBe(ReasonCode.NotAuthorized); // at QoS 1
  expect(await client.publish('b/c1', 'x')).toBe(ReasonCode.NoMatchingSubscribers);
  const reasons = client.packets.flatMap((packet) =>
    'properties' in packet
      ? ((packet.properties as { readonly reasonString?: string }).reasonString ?? [])
      : [],
  );
  expect(reasons).toEqual([
    '#: not authorized: no rule allows to subscribe to this topic filter',
    'not authorized: a rule forbids to publish to this topic',
    'not authorized: no rule allows to publish to this topic',
  ]);

  const older = await connected(server, 'c2', 'ann', 4);
  expect(await older.subscribe('#')).toBe(ReasonCode.UnspecifiedError);
  expect(await older.publish('a/secret', 'x')).toBe(ReasonCode.Success);
  await client.settled();
  expect(topicsOf(client)).toEqual([]);
});

test('With an acl_file, a subscription of which nothing could come is refused, unless it is to be as in Mosquitto', async () => {
  const file = join(directory, 'acl');
  writeFileSync(file, 'topic read a/#\ntopic deny a/secret\ntopic write #\n');
  const authorization = (denySubscribe: boolean) => ({ methods: [{ type: 'aclFile', file, denySubscribe }] });
  const server = await served.start(withRights(authorization(true)));
  const client = await connected(server, 'c1');
  const filters = ['a/#', '#', 'a/secret', 'b'];
  const granted = async (who: PacketClient) => {
    const codes: number[] = [];
    for (const filter of filters) codes.push(await who.subscribe(filter));
    return codes;
  };
  expect(await granted(client)).toEqual([1, 1, ReasonCode.NotAuthorized, ReasonCode.NotAuthorized]);
  for (const topic of ['a/b', 'a/secret', 'b']) await client.publish(topic, 'x');
  await client.settled();
  expect(new Set(topicsOf(client))).toEqual(new Set(['a/b']));

  await server.reload(withRights(authorization(false)));
  expect(await granted(client)).toEqual([1, 1, 1, 1]);
  for (const topic of ['a/secret', 'b']) await client.publish(topic, 'x');
  await client.settled();
  expect(new Set(topicsOf(client))).toEqual(new Set(['a/b']));
});

test('A right that is taken away by a reload stops messages, although the subscription stays', async () => {
  const rights = (topics: readonly string[]) =>
    withRights({
      default: 'deny',
      rules: [rule({ allow: ['publish'] }), rule({ allow: ['subscribe'], topics })],
    });
  const server = await served.start(rights(['a', 'b']));
  const client = await connected(server, 'c1');
  for (const topic of ['a', 'b']) expect(await client.subscribe(topic)).toBe(1);
  for (const topic of ['a', 'b']) await client.publish(topic, '1');
  await server.reload(rights(['b']));
  for (const topic of ['a', 'b']) await client.publish(topic, '2');
  await client.settled();
  expect(topicsOf(client)).toEqual(['a', 'b', 'b']);
});

test('An explanation names the rule that decides, with its line', async () => {
  const file = join(directory, 'acl');
  writeFileSync(file, '# whom\nuser ann\ntopic write a/#\n');
  const server = await served.start(
    withRights({ methods: [{ type: 'aclFile', file, denySubscribe: true }] }),
  );
  await connected(server, 'c1', 'ann');
  const ruleFor = async (topicName: string) => {
    const { decision } = await server.broker.explain({ clientId: 'c1', topicName, action: 'publish' });
    return [decision?.allowed, decision?.rule?.source, decision?.rule?.line, decision?.rule?.text];
  };
  expect(await ruleFor('a/b')).toEqual([true, file, 3, 'topic write a/#']);
  expect(await ruleFor('b')).toEqual([false, file, undefined, 'no entry allows it']);
});
