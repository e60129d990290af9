import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, World } from '../world/world.ts';

const VERSIONS = [ProtocolVersion.V311, ProtocolVersion.V5] as const;

function will(willDelayInterval = 0) {
  return {
    topicName: 'will',
    payload: bytesOf('will'),
    qos: 0 as const,
    retain: false,
    properties: willDelayInterval === 0 ? {} : { willDelayInterval },
  };
}

function watcher(world: World): TestClient {
  const client = world.connect();
  client.subscribe('will');
  return client;
}

/** Whether the client's session is still there; begins a new one if not. */
function present(world: World, clientId: string): boolean {
  const client = world.connect({ clientId, cleanStart: false, properties: { sessionExpiryInterval: 1000 } });
  client.disconnect();
  return client.connack!.sessionPresent;
}

describe.each(VERSIONS)('DISCONNECT of a client in version %i', (protocolVersion) => {
  const v5 = protocolVersion === ProtocolVersion.V5;

  it('[MQTT-3.14.4-3] v5 v3.1.1 drops the will, now and for good', () => {
    const world = new World();
    const watching = watcher(world);
    const connect = {
      protocolVersion,
      clientId: 'c',
      cleanStart: false,
      properties: v5 ? { sessionExpiryInterval: 60 } : {},
    };
    world.connect({ ...connect, will: will() }).disconnect();
    world.advance(30_000);
    world.connect(connect).drop();
    world.advance(100_000);
    expect(watching.take()).toEqual([]);
  });

  it('[MQTT-3.14.4-1] v5 [MQTT-3.14.4-2] v3.1.1 is the last packet that is acted on', () => {
    const world = new World();
    const watching = watcher(world);
    const client = world.connect({ protocolVersion });
    client.send(
      { type: 'disconnect', reasonCode: 0, properties: {} },
      {
        type: 'publish',
        topicName: 'will',
        payload: bytesOf('late'),
        qos: 0,
        retain: false,
        dup: false,
        packetId: 0,
        properties: {},
      },
      { type: 'pingreq' },
    );
    client.publish('will', 'later');
    expect(watching.take()).toEqual([]);
    expect(client.take()).toEqual([]);
  });

  it('[MQTT-3.14.4-2] v5 [MQTT-3.14.4-1] v3.1.1 closes the connection, if the client has not', () => {
    const world = new World();
    const client = world.connect({ protocolVersion });
    client.disconnect();
    expect(client.closed).toBe(true);
    expect(client.take()).toEqual([]);
    expect(world.eventsOf('clientDisconnected')).toMatchObject([
      { reasonCode: ReasonCode.NormalDisconnection },
    ]);
  });

  it('[MQTT-3.14.1-1] v5 v3.1.1 with flags is none: the connection ends, and the will is published', () => {
    for (const flags of [1, 2, 4, 8]) {
      const world = new World();
      const watching = watcher(world);
      const client = world.connect({ protocolVersion, will: will() });
      client.sendBytes(Uint8Array.of(0xe0 | flags, 0));
      expect(client.closed).toBe(true);
      const told = client.take().map((packet) => packet.type === 'disconnect' && packet.reasonCode);
      expect(told).toEqual(v5 ? [ReasonCode.MalformedPacket] : []);
      expect(watching.takeTexts()).toEqual(['will']);
    }
  });
});

describe('DISCONNECT of a client', () => {
  it('[MQTT-3.14.2-1] v5 with a reason code that it does not have ends the connection as an error', () => {
    const world = new World();
    const watching = watcher(world);
    const client = world.connect({ will: will() });
    client.sendBytes(Uint8Array.of(0xe0, 1, 0x01));
    expect(client.closed).toBe(true);
    expect(client.takeOne('disconnect').reasonCode).toBeGreaterThanOrEqual(0x80);
    expect(watching.takeTexts()).toEqual(['will']);
  });

  it('with reason code 0x04 leaves the will to be published, after its delay', () => {
    const world = new World();
    const watching = watcher(world);
    world.connect({ will: will() }).disconnect(ReasonCode.DisconnectWithWillMessage);
    expect(watching.takeTexts()).toEqual(['will']);
    const delayed = world.connect({ will: will(5), properties: { sessionExpiryInterval: 60 } });
    delayed.disconnect(ReasonCode.DisconnectWithWillMessage);
    world.advance(4999);
    expect(watching.takeTexts()).toEqual([]);
    world.advance(1);
    expect(watching.takeTexts()).toEqual(['will']);
  });

  it('with a Session Expiry Interval makes the session last so long from then on', () => {
    const world = new World();
    for (const [asked, told] of [
      [60, 5],
      [5, 60],
    ] as const) {
      for (const [leftMs, there] of [
        [told * 1000 - 1, true],
        [told * 1000, false],
      ] as const) {
        const client = world.connect({ clientId: 'c', properties: { sessionExpiryInterval: asked } });
        client.subscribe('a');
        client.disconnect(0, { sessionExpiryInterval: told });
        world.advance(leftMs);
        expect(present(world, 'c')).toBe(there);
      }
    }
  });

  it('with a Session Expiry Interval of 0 ends the session at once', () => {
    const world = new World();
    world
      .connect({ clientId: 'c', properties: { sessionExpiryInterval: 60 } })
      .disconnect(0, { sessionExpiryInterval: 0 });
    expect(world.core.sessions.count).toBe(0);
    expect(present(world, 'c')).toBe(false);
  });

  it('with a Session Expiry Interval of "never" makes the session last, within the limit', () => {
    const world = new World();
    world
      .connect({ clientId: 'c', properties: { sessionExpiryInterval: 1 } })
      .disconnect(0, { sessionExpiryInterval: 0xffff_ffff });
    world.advance(1e9);
    expect(present(world, 'c')).toBe(true);
    const limited = new World({ limits: { maximumSessionExpiryInterval: 10 } });
    limited
      .connect({ clientId: 'c', properties: { sessionExpiryInterval: 1 } })
      .disconnect(0, { sessionExpiryInterval: 0xffff_ffff });
    limited.advance(10_000);
    expect(present(limited, 'c')).toBe(false);
  });

  it('cannot begin to keep a session that was to end with its connection: a Protocol Error', () => {
    for (const properties of [{}, { sessionExpiryInterval: 0 }]) {
      const world = new World();
      const watching = watcher(world);
      const client = world.connect({ clientId: 'c', properties, will: will() });
      client.disconnect(0, { sessionExpiryInterval: 1 });
      expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
      expect(client.closed).toBe(true);
      expect(watching.takeTexts()).toEqual(['will']);
      expect(present(world, 'c')).toBe(false);
    }
  });

  it('with a shorter Session Expiry Interval shortens the delay of the will too', () => {
    const world = new World();
    const watching = watcher(world);
    const client = world.connect({ will: will(50), properties: { sessionExpiryInterval: 60 } });
    client.disconnect(ReasonCode.DisconnectWithWillMessage, { sessionExpiryInterval: 5 });
    world.advance(4999);
    expect(watching.takeTexts()).toEqual([]);
    world.advance(1);
    expect(watching.takeTexts()).toEqual(['will']);
  });
});

describe('DISCONNECT of the broker', () => {
  it('[MQTT-3.14.0-1] v5 is not sent to who was not accepted', () => {
    const notConnect = new World().open();
    notConnect.sendBytes(Uint8Array.of(0xc0, 0));
    expect([notConnect.closed, notConnect.take()]).toEqual([true, []]);

    const malformed = new World().open();
    malformed.sendBytes(Uint8Array.of(0x10, 8, 0, 4, ...bytesOf('MQTT'), 5, 1));
    expect(malformed.closed).toBe(true);
    expect(malformed.take().map((packet) => packet.type)).not.toContain('disconnect');

    const world = new World({ authenticator: { authenticate: () => ({ kind: 'continue' }) } });
    const authenticating = world.connecting({ properties: { authenticationMethod: 'x' } });
    expect(authenticating.take().map((packet) => packet.type)).toEqual(['auth']);
    world.core.shutDown();
    world.turn();
    expect(authenticating.closed).toBe(true);
    expect(authenticating.take().map((packet) => packet.type)).toEqual(['connack']);
  });

  it('[MQTT-3.14.0-1] v5 is not sent where CONNACK was lost with its commit', () => {
    const store = new MemoryStore({ commits: 'manual' });
    const world = new World({ store });
    const client = world.connecting({ properties: { sessionExpiryInterval: 60 } });
    expect(client.take()).toEqual([]);
    store.failCommit({ code: 'store-full', message: 'no space is left' });
    world.turn();
    expect(client.closed).toBe(true);
    expect(client.take().map((packet) => packet.type)).not.toContain('disconnect');
  });

  it('[MQTT-3.14.4-1] [MQTT-3.14.4-2] v5 is its last packet on the connection, which it closes', () => {
    const world = new World();
    const client = world.connect({ clientId: 'c' });
    const publisher = world.connect();
    client.subscribe('#');
    publisher.publish('a', 'before');
    client.stalled = true;
    publisher.publish('a', 'on its way');
    world.core.disconnect('c', ReasonCode.AdministrativeAction, 'enough');
    publisher.publish('a', 'after');
    client.unstall();
    expect(client.take().map((packet) => packet.type)).toEqual(['publish', 'publish', 'disconnect']);
    expect(client.closed).toBe(true);
  });

  it('[MQTT-3.14.2-2] v5 has no Session Expiry Interval, whatever ends the connection', () => {
    const world = new World();
    const connect = { clientId: 'c', properties: { sessionExpiryInterval: 60 } };
    const takenOver = world.connect({ ...connect, keepAlive: 1 });
    const idle = world.connect({ ...connect, keepAlive: 1 });
    world.advance(1500);
    const wrong = world.connect(connect);
    wrong.sendBytes(Uint8Array.of(0x10, 0));
    const last = world.connect(connect);
    world.core.shutDown();
    world.turn();
    const told = [takenOver, idle, wrong, last].map((client) => client.takeOne('disconnect'));
    expect(told.map((packet) => packet.reasonCode)).toEqual([
      ReasonCode.SessionTakenOver,
      ReasonCode.KeepAliveTimeout,
      expect.any(Number),
      ReasonCode.ServerShuttingDown,
    ]);
    for (const { properties } of told) expect(Object.keys(properties)).toEqual(['reasonString']);
  });

  it('[MQTT-3.14.2-3] v5 leaves its reason string out where the packet would be larger than the client takes', () => {
    const world = new World();
    const client = world.connect({ properties: { maximumPacketSize: 20 } });
    client.sendBytes(Uint8Array.of(0xc1, 0));
    expect(client.takeOne('disconnect')).toEqual({
      type: 'disconnect',
      reasonCode: ReasonCode.MalformedPacket,
      properties: {},
    });
  });
});
