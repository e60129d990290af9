import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { wire } from '../../../protocol/test/codec/wire-notation.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const ACCEPTED = Uint8Array.of(0x20, 2, 0, 0);

function sending(world: World, notation: string): TestClient {
  const client = world.open(V31);
  client.sendBytes(wire(notation));
  return client;
}

/** MQTT 3.1 has no numbered statements. What its clients do, and 3.1.1 forbade later, is taken as it is meant. */
describe('a client of MQTT 3.1', () => {
  it('is connected by the name MQIsdp and the level 3, and by no other pair', () => {
    const world = new World();
    const client = sending(world, '10 ["MQIsdp" 03 02 000a "c"]');
    expect(client.writes).toEqual([ACCEPTED]);
    expect(world.eventsOf('clientConnected')).toMatchObject([
      { clientId: 'c', protocolVersion: V31, keepAlive: 10 },
    ]);
    for (const other of ['"MQIsdp" 04', '"MQIsdp" 05', '"MQTT" 03']) {
      const refused = sending(world, `10 [${other} 02 000a "c"]`);
      expect(refused.writes).toEqual([Uint8Array.of(0x20, 2, 0, 1)]);
      expect(refused.closed).toBe(true);
    }
  });

  it('may set the reserved flag, and flags of a will without a will', () => {
    for (const flags of ['03', '0a', '1a', '22', '3b']) {
      expect(sending(new World(), `10 ["MQIsdp" 03 ${flags} 0000 "c"]`).writes).toEqual([ACCEPTED]);
    }
  });

  it('may end its CONNECT before the User Name and Password that it announces', () => {
    for (const [notation, username, password] of [
      ['10 ["MQIsdp" 03 c2 0000 "c"]', undefined, undefined],
      ['10 ["MQIsdp" 03 c2 0000 "c" "user"]', 'user', undefined],
      ['10 ["MQIsdp" 03 c2 0000 "c" "user" "pw"]', 'user', new TextEncoder().encode('pw')],
    ] as const) {
      const authenticator = new TestAuthenticator(() => ({ kind: 'accept' }));
      expect(sending(new World({ authenticator }), notation).writes).toEqual([ACCEPTED]);
      expect(authenticator.attempts).toMatchObject([{ username, password, protocolVersion: V31 }]);
    }
  });

  it('may have an identifier of more than 23 characters, but must have one', () => {
    expect(sending(new World(), `10 ["MQIsdp" 03 02 0000 "${'x'.repeat(200)}"]`).writes).toEqual([ACCEPTED]);
    const none = sending(new World(), '10 ["MQIsdp" 03 02 0000 ""]');
    expect([none.writes, none.closed]).toEqual([[Uint8Array.of(0x20, 2, 0, 2)], true]);
  });

  it('is told by a return code from 1 to 5 that it is refused', () => {
    for (const [reasonCode, returnCode] of [
      [ReasonCode.UnsupportedProtocolVersion, 1],
      [ReasonCode.ClientIdentifierNotValid, 2],
      [ReasonCode.ServerUnavailable, 3],
      [ReasonCode.BadUserNameOrPassword, 4],
      [ReasonCode.NotAuthorized, 5],
    ] as const) {
      const authenticator = new TestAuthenticator(() => ({ kind: 'refuse', reasonCode }));
      const client = sending(new World({ authenticator }), '10 ["MQIsdp" 03 02 0000 "c"]');
      expect([client.writes, client.closed]).toEqual([[Uint8Array.of(0x20, 2, 0, returnCode)], true]);
    }
  });

  it('may set flags of the fixed header that 3.1.1 reserves, and name no filter', () => {
    const world = new World();
    const client = world.connect({ protocolVersion: V31 });
    for (const [notation, type] of [
      ['c1 00', 'pingresp'],
      ['80 [0001 "t" 01]', 'suback'],
      ['38 ["t" 78]', 'publish'],
      ['32 ["t" 0001 78]', 'puback'],
      ['60 02 0001', 'pubcomp'],
      ['82 [0002]', 'suback'],
      ['a2 [0003]', 'unsuback'],
    ] as const) {
      client.sendBytes(wire(notation));
      expect([notation, client.take().map((packet) => packet.type)]).toEqual([
        notation,
        expect.arrayContaining([type]),
      ]);
    }
  });

  it('that is a bridge of Mosquitto says so in the level, as one of 3.1.1 does, and is served', () => {
    for (const [version, notation] of [
      [V31, '10 ["MQIsdp" 83 02 0000 "c"]'],
      [V311, '10 ["MQTT" 84 02 0000 "c"]'],
    ] as const) {
      const world = new World();
      const client = world.open(version);
      client.sendBytes(wire(notation));
      expect(client.writes).toEqual([ACCEPTED]);
      expect(world.eventsOf('clientConnected')).toMatchObject([{ protocolVersion: version }]);
    }
  });

  it('keeps its session with clean session 0, though CONNACK cannot say that there is one', () => {
    const world = new World();
    const connect = { clientId: 'c', protocolVersion: V31, cleanStart: false };
    const before = world.connect(connect);
    before.subscribe('t', 1);
    before.disconnect();
    world.connect({ protocolVersion: V5 }).publish('t', 'kept', { qos: 1 });
    const after = world.connect(connect);
    expect(after.writes[0]!.subarray(0, 4)).toEqual(ACCEPTED);
    expect(after.takeTexts()).toEqual(['kept']);
  });

  it('is told by 0x80 that a subscription is refused, as one of 3.1.1 is', () => {
    const world = new World({
      authorizer: { authorize: ({ topic }) => ({ allowed: topic !== 'secret' }) },
    });
    const client = world.connect({ protocolVersion: V31 });
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: ['open', 'secret'].map((topicFilter) => ({
        topicFilter,
        qos: 1,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
      })),
      properties: {},
    });
    expect(client.writes.at(-1)).toEqual(wire('90 04 00 01 01 80'));
  });
});
