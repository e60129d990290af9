import type { ConnectPacket } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

/** CONNECT of a client whose session is kept. */
function kept(
  protocolVersion: ProtocolVersion,
  clientId = 'kept',
  sessionExpiryInterval = 1000,
): Partial<ConnectPacket> {
  const properties = protocolVersion === V5 ? { sessionExpiryInterval } : {};
  return { protocolVersion, clientId, cleanStart: false, properties };
}

/** What a session that has been filled gives to a client: whether it is there, and the messages in it. */
function whatIsThere(client: TestClient): { present: boolean; texts: string[] } {
  const { sessionPresent } = client.connack!;
  const texts = client.takeAndAcknowledge().map((packet) => new TextDecoder().decode(packet.payload));
  return { present: sessionPresent, texts };
}

/** A client that has left a subscription, a message in flight and a message waiting. */
function leaveBehind(world: World, connect: Partial<ConnectPacket>): void {
  const client = world.connect(connect);
  client.subscribe('t', 2);
  const publisher = world.connect();
  publisher.publish('t', 'in flight', { qos: 2 });
  expect(client.takeTexts()).toEqual(['in flight']);
  client.drop();
  publisher.publish('t', 'waiting', { qos: 1 });
}

describe('Clean Start 1', () => {
  it('[MQTT-3.1.2-4] [MQTT-3.1.4-4] [MQTT-3.2.2-2] v5 [MQTT-3.1.2-6] [MQTT-3.1.4-3] [MQTT-3.2.2-1] v3.1.1 throws the earlier session away', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      leaveBehind(world, kept(version));
      const client = world.connect({ ...kept(version), cleanStart: true });
      const publisher = world.connect();
      publisher.publish('t', 'nobody is subscribed', { qos: 1 });
      expect(publisher.takeOne('puback').reasonCode).toBe(ReasonCode.NoMatchingSubscribers);
      expect(world.store.messageCount).toBe(0);
      expect(whatIsThere(client)).toEqual({ present: false, texts: [] });
      client.drop();
      // In MQTT 5.0 the new session is kept; before, it ends with its connection.
      expect(whatIsThere(world.connect(kept(version)))).toEqual({ present: version === V5, texts: [] });
    }
  });

  it('[MQTT-3.1.2-6] v3.1.1 makes a session that ends with its connection, whatever it was before', () => {
    for (const version of [V31, V311]) {
      const world = new World();
      leaveBehind(world, kept(version));
      const clean = world.connect({ ...kept(version), cleanStart: true });
      clean.subscribe('t', 1);
      clean.drop();
      world.connect().publish('t', 'x', { qos: 1 });
      expect(whatIsThere(world.connect(kept(version)))).toEqual({ present: false, texts: [] });
    }
  });

  it('[MQTT-3.1.2-7] v3.1.1 deletes no retained message, nor does the end of a session', () => {
    for (const version of VERSIONS) {
      const world = new World();
      const client = world.connect(kept(version));
      client.publish('t', 'stays', { qos: 1, retain: true });
      client.drop();
      const clean = world.connect({ protocolVersion: version, clientId: 'kept', cleanStart: true });
      clean.disconnect();
      world.advance(2_000_000);
      const late = world.connect();
      late.subscribe('t');
      expect(late.takeTexts()).toEqual(['stays']);
    }
  });
});

describe('Clean Start 0', () => {
  it('[MQTT-3.1.2-5] [MQTT-3.1.2-23] [MQTT-3.2.2-3] v5 [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.2.2-2] [MQTT-4.1.0-1] v3.1.1 goes on with the earlier session', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      leaveBehind(world, kept(version));
      const client = world.connect(kept(version));
      expect(whatIsThere(client)).toEqual({ present: true, texts: ['in flight', 'waiting'] });
      world.connect().publish('t', 'still subscribed');
      expect(client.takeTexts()).toEqual(['still subscribed']);
    }
  });

  it('goes on with the earlier session in MQTT 3.1, which cannot say so', () => {
    const world = new World();
    leaveBehind(world, kept(V31));
    const client = world.connect(kept(V31));
    expect(client.writes[0]!.subarray(0, 4)).toEqual(Uint8Array.of(0x20, 2, 0, 0));
    expect(whatIsThere(client)).toEqual({ present: false, texts: ['in flight', 'waiting'] });
  });

  it('[MQTT-3.1.2-6] [MQTT-3.2.2-3] v5 [MQTT-3.1.2-4] [MQTT-3.2.2-3] v3.1.1 makes a session where there was none', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      const client = world.connect(kept(version));
      expect(whatIsThere(client)).toEqual({ present: false, texts: [] });
      client.subscribe('t', 1);
      client.drop();
      world.connect().publish('t', 'kept', { qos: 1 });
      expect(whatIsThere(world.connect(kept(version)))).toEqual({ present: true, texts: ['kept'] });
    }
  });

  it('goes on with the session of another version', () => {
    for (const before of VERSIONS) {
      for (const after of [V311, V5]) {
        const world = new World();
        leaveBehind(world, kept(before));
        expect(whatIsThere(world.connect(kept(after)))).toEqual({
          present: true,
          texts: ['in flight', 'waiting'],
        });
      }
    }
  });

  it('[MQTT-3.1.3-2] v5 v3.1.1 finds the session of this Client Identifier and no other', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      leaveBehind(world, kept(version, 'kept'));
      for (const clientId of ['Kept', 'kept ', 'kep', 'ｋept', 'kept\u0301']) {
        expect(whatIsThere(world.connect(kept(version, clientId)))).toEqual({ present: false, texts: [] });
      }
      expect(whatIsThere(world.connect(kept(version, 'kept'))).present).toBe(true);
    }
  });
});

describe('Session Expiry Interval', () => {
  const connect = (sessionExpiryInterval?: number): Partial<ConnectPacket> => ({
    clientId: 'kept',
    cleanStart: false,
    properties: sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval },
  });

  it('[MQTT-3.1.2-23] [MQTT-4.1.0-2] v5 is how long the session outlives its connection', () => {
    const world = new World();
    leaveBehind(world, connect(60));
    world.advance(59_999);
    const back = world.connect(connect(60));
    expect(whatIsThere(back)).toEqual({ present: true, texts: ['in flight', 'waiting'] });
    back.drop();
    world.advance(60_000);
    expect(whatIsThere(world.connect(connect(60)))).toEqual({ present: false, texts: [] });
  });

  it('[MQTT-4.1.0-1] v5 [MQTT-4.1.0-2] v3.1.1 does not run while the client is connected', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      const client = world.connect(kept(V5, 'kept', 60));
      client.subscribe('t', 1);
      client.drop();
      world.advance(50_000);
      const back = world.connect(kept(version, 'kept', 60));
      world.advance(1_000_000);
      world.connect().publish('t', 'x', { qos: 1 });
      expect(whatIsThere(back)).toEqual({ present: true, texts: ['x'] });
    }
  });

  it('[MQTT-3.1.2-23] [MQTT-4.1.0-2] v5 of 0, and a missing one, end the session with the connection', () => {
    for (const seconds of [0, undefined]) {
      const world = new World();
      leaveBehind(world, connect(seconds));
      expect(whatIsThere(world.connect(connect(seconds)))).toEqual({ present: false, texts: [] });
    }
  });

  it('[MQTT-3.1.2-23] v5 of 4,294,967,295 never ends it', () => {
    const world = new World();
    leaveBehind(world, connect(0xffff_ffff));
    world.advance(0xffff_ffff * 1000 + 1);
    expect(whatIsThere(world.connect(connect(60))).present).toBe(true);
  });

  it('[MQTT-4.1.0-1] v3.1.1 is "never" for a client of an older version that keeps its session', () => {
    for (const version of [V31, V311]) {
      const world = new World();
      leaveBehind(world, kept(version));
      world.advance(100 * 365 * 24 * 3600 * 1000);
      expect(whatIsThere(world.connect(kept(version))).texts).toEqual(['in flight', 'waiting']);
    }
  });

  it('of the latest CONNECT holds', () => {
    const world = new World();
    leaveBehind(world, connect(10));
    world.connect(connect(100)).drop();
    world.advance(99_999);
    const back = world.connect(connect());
    expect(back.connack!.sessionPresent).toBe(true);
    back.drop();
    expect(world.connect(connect()).connack!.sessionPresent).toBe(false);
  });

  it('can be made shorter or longer by DISCONNECT', () => {
    const world = new World();
    for (const [sessionExpiryInterval, ms, present] of [
      [5, 4999, true],
      [5, 5000, false],
      [100, 99_999, true],
      [100, 100_000, false],
      [0, 0, false],
      [0xffff_ffff, 0xffff_ffff * 1000, true],
    ] as const) {
      const client = world.connect({ ...connect(30), cleanStart: true });
      client.disconnect(0, { sessionExpiryInterval });
      world.advance(ms);
      expect(world.connect(connect(30)).connack!.sessionPresent).toBe(present);
    }
  });

  it('above the limit is cut to it, and CONNACK tells', () => {
    const world = new World({ limits: { maximumSessionExpiryInterval: 60 } });
    for (const [asked, told] of [
      [undefined, undefined],
      [60, undefined],
      [61, 60],
      [0xffff_ffff, 60],
    ] as const) {
      const client = world.connect(connect(asked));
      expect(client.connack!.properties.sessionExpiryInterval).toBe(told);
      client.drop();
    }
    for (const version of [V311, V5]) {
      const client = world.connect({ ...kept(version, 'other', 100), cleanStart: false });
      if (version === V5) client.disconnect(0, { sessionExpiryInterval: 1000 });
      else client.drop();
      world.advance(59_999);
      const back = world.connect(kept(version, 'other', 100));
      expect(back.connack!.sessionPresent).toBe(true);
      back.drop();
      world.advance(60_000);
      expect(world.connect({ ...kept(V5, 'other'), properties: {} }).connack!.sessionPresent).toBe(false);
    }
  });
});
