// CONNECT and CONNACK: what the client says and understands, in each version.

import type { ClientOptions } from '@martlet/client';
import type { ConnackPacket, ConnectPacket, Packet } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ControlledStore } from '../persistence/controlled-store.ts';
import { Disk } from '../persistence/controlled-store.ts';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

async function connectPacketOf(options: ClientOptions): Promise<ConnectPacket> {
  world.connect(options);
  return (await world.accepting()).take('connect');
}

const refused = (reasonCode: ReasonCode): Packet => ({
  type: 'connack',
  sessionPresent: false,
  reasonCode,
  properties: {},
});

describe('CONNECT', () => {
  test('says everything that the options say', async () => {
    const packet = await connectPacketOf({
      url: 'mqtt://url-user:url-password@localhost',
      clientId: 'me',
      username: 'ann',
      password: 'secret',
      sessionExpiryInterval: 7,
      keepAlive: 11,
      receiveMaximum: 13,
      maximumPacketSize: 17,
      topicAliasMaximum: 19,
      requestResponseInformation: true,
      requestProblemInformation: false,
      userProperties: [['a', 'b']],
      will: {
        topicName: 'gone',
        payload: 'x',
        qos: 1,
        retain: true,
        willDelayInterval: 5,
        contentType: 'text',
      },
    });
    expect(packet).toEqual({
      type: 'connect',
      protocolVersion: 5,
      clientId: 'me',
      cleanStart: true,
      keepAlive: 11,
      username: 'ann',
      password: new TextEncoder().encode('secret'),
      will: {
        topicName: 'gone',
        payload: new TextEncoder().encode('x'),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: 5, contentType: 'text' },
      },
      properties: {
        sessionExpiryInterval: 7,
        receiveMaximum: 13,
        maximumPacketSize: 17,
        topicAliasMaximum: 19,
        requestResponseInformation: true,
        requestProblemInformation: false,
        userProperties: [['a', 'b']],
      },
    });
  });

  test('takes user name and password from the URL, where no option says otherwise', async () => {
    const { username, password } = await connectPacketOf({ url: 'mqtt://ann:p%40ss@localhost' });
    expect([username, new TextDecoder().decode(password)]).toEqual(['ann', 'p@ss']);
  });

  test.each([ProtocolVersion.V311, ProtocolVersion.V31])(
    'of version %d has no properties',
    async (protocolVersion) => {
      const packet = await connectPacketOf({
        protocolVersion,
        username: 'ann',
        will: { topicName: 'gone', contentType: 'text' },
      });
      expect(packet).toMatchObject({ protocolVersion, cleanStart: true, properties: {}, username: 'ann' });
      expect(packet.will?.properties).toEqual({});
    },
  );

  test('asks for a kept session before MQTT 5.0 by a session expiry interval', async () => {
    const packet = await connectPacketOf({ protocolVersion: 4, sessionExpiryInterval: 1, cleanStart: false });
    expect(packet.cleanStart).toBe(false);
  });

  test('begins clean once, and then goes on with the session', async () => {
    world.connect();
    const first = await world.accept();
    first.cut();
    await world.advance(500);
    const second = await world.accept({ sessionPresent: true });
    expect([first.connect.cleanStart, second.connect.cleanStart]).toEqual([true, false]);
  });

  test('[MQTT-3.2.2-16] v5 names from then on what the server assigned', async () => {
    const client = world.connect({ clientId: '' });
    const properties = { assignedClientIdentifier: 'given' };
    const first = await world.accept({ properties });
    expect([first.connect.clientId, first.connect.cleanStart, client.clientId]).toEqual(['', true, 'given']);
    first.cut();
    await world.advance(500);
    const second = await world.accept();
    expect([second.connect.clientId, second.connect.cleanStart]).toEqual(['given', false]);
    await client.close();
    expect(second.take('disconnect').properties.sessionExpiryInterval).toBe(0);
  });

  test('ends the connection where the server names it otherwise than it has named itself', async () => {
    const client = world.connect({ clientId: 'mine' });
    const errors: (string | undefined)[] = [];
    client.on('offline', ({ error }) => errors.push(error.code));
    const server = await world.accept({ properties: { assignedClientIdentifier: 'other' } });
    expect(errors).toEqual(['PROTOCOL_BROKEN']);
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    await world.advance(500);
    const next = await world.accept({ properties: { assignedClientIdentifier: 'mine' } });
    expect([next.connect.clientId, client.clientId, client.state]).toEqual(['mine', 'mine', 'online']);
  });

  test('[MQTT-3.1.3-7] v3.1.1 begins clean each time where the server gives a name that it does not tell', async () => {
    world.connect({ clientId: '', protocolVersion: 4, sessionExpiryInterval: 9 });
    const first = await world.accept();
    first.cut();
    await world.advance(500);
    expect((await world.accept()).connect.cleanStart).toBe(true);
  });
});

describe('CONNACK', () => {
  test('tells the application what the server is', async () => {
    const client = world.connect({ keepAlive: 60, sessionExpiryInterval: 300 });
    const properties: ConnackPacket['properties'] = {
      receiveMaximum: 5,
      maximumQos: 1,
      retainAvailable: false,
      maximumPacketSize: 1000,
      topicAliasMaximum: 3,
      wildcardSubscriptionAvailable: false,
      serverKeepAlive: 10,
      sessionExpiryInterval: 20,
      responseInformation: 'r/',
      userProperties: [['k', 'v']],
    };
    await world.accept({ properties });
    const { serverKeepAlive: _renamed, ...same } = properties;
    expect(client.server).toMatchObject({ ...same, keepAlive: 10, clientId: 'c', protocolVersion: 5 });
    expect(await client.connected()).toBe(client.server);
  });

  test('fills in what its silence means', async () => {
    const client = world.connect({ keepAlive: 60, sessionExpiryInterval: 300 });
    await world.accept();
    expect(client.server).toMatchObject({
      receiveMaximum: 65_535,
      maximumQos: 2,
      retainAvailable: true,
      maximumPacketSize: Number.POSITIVE_INFINITY,
      topicAliasMaximum: 0,
      wildcardSubscriptionAvailable: true,
      sharedSubscriptionAvailable: true,
      keepAlive: 60,
      sessionExpiryInterval: 300,
    });
  });

  test('[MQTT-3.2.2-2] v5 must not have a session after a clean start', async () => {
    const client = world.connect();
    const server = await world.accept({ sessionPresent: true });
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    expect(client.state).toBe('waiting');
  });

  test('comes within the time to connect, or the attempt has failed', async () => {
    const client = world.connect({ connectTimeoutMs: 2000 });
    const server = await world.accepting();
    await world.advance(1999);
    expect(client.state).toBe('connecting');
    await world.advance(1);
    expect([client.state, server.ended]).toEqual(['waiting', 'destroy']);
  });
});

describe('The fallback to older versions', () => {
  /** Versions that the client tried, where the server understands none but `understood`. */
  async function tried(options: ClientOptions, understood: number, isSilent: boolean): Promise<number[]> {
    const client = world.connect(options);
    client.on('error', () => {});
    const versions: number[] = [];
    for (let i = 0; i < 6 && client.state !== 'closed' && client.state !== 'online'; i++) {
      const server = await world.accepting();
      const { protocolVersion } = server.take('connect');
      versions.push(protocolVersion);
      if (protocolVersion === understood) server.send(refused(ReasonCode.Success));
      else if (isSilent) server.cut();
      else if (protocolVersion === 5) server.sendBytes(Uint8Array.of(0x20, 2, 0, 1));
      else server.send(refused(ReasonCode.UnsupportedProtocolVersion));
      await world.advance(isSilent ? 1000 : 0);
    }
    return versions;
  }

  test.each([
    [5, false, [5]],
    [4, false, [5, 4]],
    [3, false, [5, 4, 3]],
    [4, true, [5, 5, 4]],
    [3, true, [5, 5, 4, 4, 3]],
  ])('goes down to %d, which the server understands (silent: %s)', async (understood, isSilent, versions) => {
    expect(await tried({ fallback: true }, understood, isSilent)).toEqual(versions);
  });

  test('is not done unless it was asked for', async () => {
    expect(await tried({}, 4, false)).toEqual([5]);
  });

  test('goes down on a silent end only the second time in a row: what broke once is tried again', async () => {
    world.connect({ fallback: true }).on('error', () => {});
    const versions: number[] = [];
    for (const end of ['cut', 'refuse', 'cut', 'refuse', 'cut']) {
      const server = await world.accepting();
      versions.push(server.take('connect').protocolVersion);
      if (end === 'cut') server.cut();
      else server.send(refused(ReasonCode.UnspecifiedError));
      await world.advance(4000);
    }
    versions.push((await world.accept()).connect.protocolVersion);
    expect(versions).toEqual([5, 5, 5, 5, 5, 5]);
  });

  test('begins again with the newest version when the older one does not last until CONNACK either', async () => {
    world.connect({ fallback: true }).on('error', () => {});
    const versions: number[] = [];
    for (const end of ['cut', 'cut', 'refuse', 'look']) {
      const server = await world.accepting();
      versions.push(server.take('connect').protocolVersion);
      if (end === 'cut') server.cut();
      if (end === 'refuse') server.send(refused(ReasonCode.ServerUnavailable));
      await world.advance(end === 'refuse' ? 20_000 : 1000);
    }
    expect(versions).toEqual([5, 5, 4, 5]);
  });

  test('begins again with the newest version when none was understood', async () => {
    const client = world.connect({ fallback: true });
    for (const version of [5, 5, 4, 4, 3]) {
      const server = await world.accepting();
      expect(server.take('connect').protocolVersion).toBe(version);
      server.cut();
      if (version !== 3) await world.advance(1000);
    }
    await world.advance(60_000 - 30_001);
    expect((await world.accepting()).take('connect').protocolVersion).toBe(5);
    await client.close();
  });

  test('never leaves a version with which the client has been online', async () => {
    world.connect({ fallback: true });
    (await world.accept()).cut();
    for (let i = 0; i < 3; i++) {
      await world.advance(4000);
      const server = await world.accepting();
      expect(server.take('connect').protocolVersion).toBe(5);
      server.cut();
    }
  });

  test.each<[string, ClientOptions, boolean, boolean]>([
    ['by default', {}, true, true],
    ['with the store of a new session', { store: new Disk().store() }, false, false],
    ['with a sessionExpiryInterval', { sessionExpiryInterval: 60 }, false, false],
    ['with a sessionExpiryInterval of 0', { sessionExpiryInterval: 0, cleanStart: false }, true, true],
    ['with cleanStart: false', { cleanStart: false }, false, false],
  ])('asks for a kept session only where the application does: %s', async (_how, options, first, second) => {
    const { store } = options as { store?: ControlledStore };
    if (store !== undefined) store.isFast = true;
    world.connect({ ...options, fallback: true });
    for (let i = 0; i < 2; i++) {
      (await world.accepting()).cut();
      await world.advance(1000);
    }
    const server = await world.accept();
    expect([server.connect.protocolVersion, server.connect.cleanStart]).toEqual([4, first]);
    server.cut();
    await world.advance(500);
    expect((await world.accept()).connect.cleanStart).toBe(second);
  });

  test('is not needed for that: an older version that was asked for keeps what cleanStart: false names', async () => {
    world.connect({ protocolVersion: 4, cleanStart: false });
    expect((await world.accept()).connect.cleanStart).toBe(false);
  });

  test('tells of the attempts that failed', async () => {
    const client = world.connect({ fallback: true });
    const delays: unknown[] = [];
    client.on('offline', ({ reconnectMs }) => delays.push(reconnectMs));
    for (let i = 0; i < 2; i++) {
      (await world.accepting()).cut();
      await world.advance(1000);
    }
    await world.accept();
    expect(delays).toEqual([1000, 0]);
  });
});
