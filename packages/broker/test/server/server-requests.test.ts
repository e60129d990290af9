import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashPassword, passwordHashText } from '../../src/access/password-hash.ts';
import type { Server } from '../../src/server/server.ts';
import { portOf, ServedTest } from './served.ts';

let served: ServedTest;
let server: Server;
let clients: MqttClient[];

beforeEach(async () => {
  served = new ServedTest();
  clients = [];
  const loaded = served.configuration({
    control: { socket: join(served.directory, 'control.sock') },
    authentication: { anonymous: true, failures: { banAfter: 1 } },
    bridges: [
      { name: 'b', addresses: ['broker.example'], remotePassword: 'hunter2', topics: [{ pattern: '#' }] },
    ],
  });
  server = await served.start(loaded);
});

afterEach(async () => {
  for (const client of clients) client.end(true);
  await served.end();
});

async function ask(request: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const socket = connect(server.controlPath!);
  socket.write(`${JSON.stringify({ version: 1, request, ...parameters })}\n`);
  const [line] = (await once(createInterface({ input: socket }), 'line')) as [string];
  socket.destroy();
  return JSON.parse(line);
}

describe('A server is asked', () => {
  test('how it is', async () => {
    expect(await ask('status')).toMatchObject({
      ok: true,
      result: {
        pid: process.pid,
        name: 'martlet',
        file: null,
        storeDirectory: null,
        connections: 0,
        listeners: [{ name: 'main', place: `127.0.0.1:${portOf(server, 'main')}`, connections: 0 }],
      },
    });
  });

  test('for its configuration, and shows no secret', async () => {
    const answer = JSON.stringify(await ask('config'));
    expect(answer).toContain('"remotePassword":"(secret)"');
    expect(answer).not.toContain('hunter2');
  });

  test('to reload, and what that would do', async () => {
    expect(await ask('reload', { dryRun: true })).toMatchObject({ result: { dryRun: true, changes: [] } });
    expect(await ask('reload')).toMatchObject({ result: { dryRun: false, listeners: [{ fate: 'kept' }] } });
    expect(await ask('plan', { file: '/x' })).toMatchObject({ ok: false });
  });

  test('why a message does not arrive, by the rules that are in effect', async () => {
    const client = await connectAsync(`mqtt://127.0.0.1:${portOf(server, 'main')}`, {
      clientId: 'ann',
      reconnectPeriod: 0,
    });
    clients.push(client);
    const query = { clientId: 'ann', topicName: 'a', action: 'publish' };
    expect(await ask('why', query)).toMatchObject({ ok: true, result: { decision: { allowed: true } } });
    await server.reload(
      served.configuration({
        control: { socket: server.controlPath },
        authorization: { rules: [{ allow: ['publish'], topics: ['b'], who: {} }] },
      }),
    );
    expect(await ask('why', query)).toMatchObject({ result: { decision: { allowed: false } } });
    const other = { ...query, clientId: 'bob', identity: { username: 'bob', groups: ['staff'] }, qos: 1 };
    expect(await ask('why', other)).toMatchObject({ result: { decision: { allowed: false } } });
  });

  test('by rules that are not in effect', async () => {
    const loaded = served.configuration({
      authorization: { rules: [{ allow: ['publish'], topics: ['b'], who: {} }] },
    });
    const query = { clientId: 'ann', topicName: 'a', action: 'publish' } as const;
    expect((await server.why(query)).decision.allowed).toBe(true);
    expect((await server.why(query, loaded)).decision.allowed).toBe(false);
    expect((await server.why(query)).decision.allowed).toBe(true);
  });

  test.each([
    ['reload', { dryRun: 'yes' }, 'dryRun: expected true or false, got a text'],
    ['plan', { file: '' }, 'file: expected a text, got an empty text'],
    ['why', {}, 'clientId: expected a text, got nothing'],
    ['why', { clientId: 'a', topicName: 7 }, 'topicName: expected a text, got 7'],
    ['why', { clientId: 'a', topicName: 'b', qos: 3 }, 'qos: expected 0 or 1 or 2, got 3'],
    [
      'why',
      { clientId: 'a', topicName: 'b', action: 'eat' },
      'action: expected publish or receive, got a text',
    ],
    ['why', { clientId: 'a', topicName: 'b', identity: [] }, 'identity: expected an object, got a list'],
    [
      'why',
      { clientId: 'a', topicName: 'b', identity: { groups: [1] } },
      'groups: expected a list of texts, got a list',
    ],
    ['unban', { by: 'colour' }, 'by: expected user or clientId or address or flapping, got a text'],
    ['frob', {}, 'expected status, reload, plan, config, why, bans or unban, got "frob"'],
  ])('for %s with %j, and says what it expected', async (request, parameters, text) => {
    expect(await ask(request, parameters)).toMatchObject({ ok: false, error: { text } });
  });

  test('who is banned, and lets them in again', async () => {
    const file = join(served.directory, 'passwords');
    const hash = await hashPassword(Buffer.from('right'), 'sha512-pbkdf2');
    writeFileSync(file, `ann:${passwordHashText(hash)}\n`);
    await server.reload(
      served.configuration({
        control: { socket: server.controlPath },
        authentication: {
          methods: [{ type: 'passwordFile', file }],
          failures: { banAfter: 1, by: ['user'], delayMs: 0, exempt: [] },
        },
      }),
    );
    const url = `mqtt://127.0.0.1:${portOf(server, 'main')}`;
    const attempt = (password: string): Promise<MqttClient> =>
      connectAsync(url, { username: 'ann', password, reconnectPeriod: 0 });
    await expect(attempt('wrong')).rejects.toThrow();
    await expect(attempt('right')).rejects.toThrow();
    expect(await ask('bans')).toMatchObject({
      result: [{ by: 'user', key: 'ann', secondsLeft: expect.any(Number) }],
    });
    expect(await ask('unban', { by: 'user', key: 'ann' })).toMatchObject({ result: { count: 1 } });
    clients.push(await attempt('right'));
    expect(server.broker.authenticationCounts).toMatchObject({
      accepted: 1,
      refused: 1,
      bannedRefused: 1,
      bansGiven: 1,
    });
  });

  test('nothing any more when it has ended', async () => {
    const path = server.controlPath!;
    expect(existsSync(path)).toBe(true);
    await server.close();
    expect(existsSync(path)).toBe(false);
  });
});

test('A server whose control socket can be nowhere serves without it, and says so', async () => {
  const registry = {
    env: {},
    systemDirectory: join(served.directory, 'no', 'system'),
    temporaryDirectory: join(served.directory, 'no'),
    uid: process.getuid!(),
  };
  const loaded = served.configuration({ control: { socket: 'default' } });
  const other = await served.start(loaded, { registry });
  expect(other.controlPath).toBe(null);
  expect(served.lines.join('\n')).toMatch(
    /^warning no-control-socket: no directory for the control socket: /m,
  );
  const asked = served.configuration({ control: { socket: join(served.directory, 'no', 'a.sock') } });
  await expect(served.start(asked)).rejects.toThrow(/the control socket .* cannot be opened/);
});
