// Which server a client comes to, in which version and as whom; and what it may do there.

import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { ChoosingServer } from './choosing-server.ts';
import { Clients, nextEvent, seen, take, textsUntil, VERSIONS } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';
import { USER } from './servers/tested-server.ts';

const clients = new Clients();

afterEach(() => clients.closeAll());

describeEachServer(({ differences }, running) => {
  const guarded = (): string => `mqtt://127.0.0.1:${running().guardedPort}`;

  describe.each(VERSIONS)('$name', ({ protocolVersion }) => {
    test('user name and password are accepted, from options and from the URL', async () => {
      const byOptions = await clients.connect(guarded(), { ...USER, protocolVersion });
      const place = guarded().slice('mqtt://'.length);
      const { username, password } = USER;
      const url = `mqtt://${username}:${encodeURIComponent(password)}@${place}`;
      const byUrl = await clients.connect(url, { protocolVersion });
      const subscription = await byUrl.subscribe('open/a');
      await byOptions.publish('open/a', 'x', { qos: 1 });
      expect((await take(subscription, 1)).map(seen)).toEqual(['open/a 1 x']);
    });

    test('a wrong password is refused for good, and tried once', async () => {
      const client = clients.start(guarded(), { ...USER, password: 'wrong', protocolVersion });
      const waiting = client.publish('open/a', 'x', { qos: 1 });
      const attempts: unknown[] = [];
      client.on('offline', (event) => attempts.push(event.reconnectMs));
      const closed = nextEvent(client, 'closed');
      await expect(client.connected()).rejects.toMatchObject({ code: 'REFUSED', kind: 'refusal' });
      await expect(waiting).rejects.toMatchObject({ code: 'REFUSED' });
      expect(await closed).toMatchObject({ code: 'REFUSED' });
      expect([client.state, ...attempts]).toEqual(['closed', undefined]);
    });

    test('new credentials for each attempt come in with the second one', async () => {
      const passwords = ['wrong', USER.password];
      const client = clients.start(guarded(), {
        protocolVersion,
        credentials: async () => ({ username: USER.username, password: passwords.shift()! }),
      });
      const offline = nextEvent(client, 'offline');
      await client.connected();
      expect((await offline).error).toMatchObject({ code: 'REFUSED' });
      expect(passwords).toEqual([]);
    });
  });

  test('MQTT 5.0: what is not allowed fails alone, with the reason of the server', async () => {
    const client = await clients.connect(guarded(), USER);
    const subscription = await client.subscribe('open/#');
    const forbidden = [1, 2].map((qos) => client.publish('shut/a', 'x', { qos: qos as 1 | 2 }));
    for (const publication of forbidden)
      await expect(publication).rejects.toMatchObject({ code: 'REFUSED', reasonCode: 0x87 });
    await client.publish('open/a', 'allowed', { qos: 2 });
    expect((await take(subscription, 1)).map(seen)).toEqual(['open/a 2 allowed']);
  });

  test.each(VERSIONS)(
    '$name: a subscription that is not allowed brings nothing',
    async ({ protocolVersion }) => {
      const client = await clients.connect(guarded(), { ...USER, protocolVersion });
      const shut = client.subscribe('shut/#');
      if (differences.refusesSubscriptions) await expect(shut).rejects.toMatchObject({ code: 'REFUSED' });
      else expect((await shut).qos).toBe(2);
      const open = await client.subscribe('open/#');
      await client.publish('open/a', 'end', { qos: 1 });
      expect(await textsUntil(open, 'end')).toEqual([]);
    },
  );

  test('the next server of a list is tried when the first is down', async () => {
    const nobody = `mqtt://127.0.0.1:${await freePort()}`;
    const client = clients.start(undefined, { servers: [nobody, running().url('mqtt')] });
    const offline = nextEvent(client, 'offline');
    await client.connected();
    expect((await offline).error).toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(client.state).toBe('online');
  });

  test('the server that is asked for anew at each attempt may be another one', async () => {
    const urls = [`mqtt://127.0.0.1:${await freePort()}`, running().url('ws')];
    const client = clients.start(async () => urls.shift()!);
    await client.connected();
    expect(urls).toEqual([]);
  });

  describe('In front of it a server that does not know MQTT 5.0', () => {
    test.each([
      ['refuses it as MQTT 3.1.1 does', Uint8Array.of(0x20, 2, 0, 1), [5, 4]],
      ['refuses it as MQTT 5.0 does', Uint8Array.of(0x20, 3, 0, 0x84, 0), [5, 4]],
      // One silent end may have other causes.
      ['closes the connection without a word', null, [5, 5, 4]],
    ])('%s: the client that may falls back to MQTT 3.1.1, and stays there', async (_how, answer, levels) => {
      const server = await ChoosingServer.start(running().port, answer);
      const client = await clients.connect(server.url, { fallback: true });
      expect(client.server!.protocolVersion).toBe(4);
      const subscription = await client.subscribe('connecting/fallback');
      await client.publish('connecting/fallback', 'x', { qos: 2 });
      expect((await take(subscription, 1)).map(seen)).toEqual(['connecting/fallback 2 x']);
      expect(server.levels).toEqual(levels);
      await server.close();
    });

    test('the client that may not says why', async () => {
      const server = await ChoosingServer.start(running().port, Uint8Array.of(0x20, 3, 0, 0x84, 0));
      const client = clients.start(server.url);
      await expect(client.connected()).rejects.toMatchObject({ code: 'REFUSED', reasonCode: 0x84 });
      expect(server.levels).toEqual([5]);
      await server.close();
    });
  });
});
