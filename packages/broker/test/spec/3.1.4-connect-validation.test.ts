import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { wire } from '../../../protocol/test/codec/wire-notation.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { connectPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

describe('a CONNECT', () => {
  it('[MQTT-3.1.4-5] [MQTT-3.2.0-1] v5 [MQTT-3.1.4-4] [MQTT-3.2.0-1] v3.1.1 that is valid is answered with CONNACK 0x00, before anything else', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      const kept = connectPacket({
        protocolVersion,
        cleanStart: false,
        properties: protocolVersion === V5 ? { sessionExpiryInterval: 100 } : {},
      });
      const before = world.connect(kept);
      before.subscribe('t', 1);
      before.drop();
      world.connect().publish('t', 'waits', { qos: 1 });
      const client = world.connecting(kept, { type: 'pingreq' });
      const received = client.take();
      expect(received.map((packet) => packet.type)).toEqual(['connack', 'publish', 'pingresp']);
      expect(received[0]).toMatchObject({ reasonCode: ReasonCode.Success });
    }
  });

  it('[MQTT-3.2.0-1] v5 v3.1.1 whose session must be kept is answered after the commit, and everything else behind the answer', () => {
    const store = new MemoryStore({ commits: 'manual' });
    const world = new World({ store });
    const finish = (): void => {
      store.finishCommit();
      world.turn();
    };
    for (const protocolVersion of [V311, V5]) {
      const properties = protocolVersion === V5 ? { sessionExpiryInterval: 100 } : {};
      const clientId = `c${protocolVersion}`;
      const client = world.connecting(
        { clientId, protocolVersion, cleanStart: false, properties },
        { type: 'pingreq' },
      );
      expect(client.take()).toEqual([]);
      finish();
      expect(client.take().map((packet) => packet.type)).toEqual(['connack', 'pingresp']);
    }
  });

  const MALFORMED: readonly (readonly [what: string, notation: string, reasonCode: number])[] = [
    ['the reserved flag', '10 ["MQTT" 05 03 0000 [] "c"]', 0x81],
    ['Will QoS 3', '10 ["MQTT" 05 1e 0000 [] "c" [] "w" 0000]', 0x81],
    ['no Client Identifier', '10 ["MQTT" 05 02 0000 []]', 0x81],
    ['bytes behind its end', '10 ["MQTT" 05 02 0000 [] "c" 00]', 0x81],
    ['U+0000 in the Client Identifier', '10 ["MQTT" 05 02 0000 [] 0001 00]', 0x81],
    ['a property of another packet', '10 ["MQTT" 05 02 0000 [23 0001] "c"]', 0x81],
    ['flags in its fixed header', '11 ["MQTT" 05 02 0000 [] "c"]', 0x81],
    ['Receive Maximum twice', '10 ["MQTT" 05 02 0000 [21 0001 21 0001] "c"]', 0x82],
    ['Receive Maximum 0', '10 ["MQTT" 05 02 0000 [21 0000] "c"]', 0x82],
    ['Maximum Packet Size 0', '10 ["MQTT" 05 02 0000 [27 00000000] "c"]', 0x82],
    ['Session Expiry Interval twice', '10 ["MQTT" 05 02 0000 [11 00000001 11 00000001] "c"]', 0x82],
    ['Topic Alias Maximum twice', '10 ["MQTT" 05 02 0000 [22 0001 22 0001] "c"]', 0x82],
    ['Request Response Information 2', '10 ["MQTT" 05 02 0000 [19 02] "c"]', 0x82],
    ['Request Problem Information 2', '10 ["MQTT" 05 02 0000 [17 02] "c"]', 0x82],
    ['Authentication Data without a method', '10 ["MQTT" 05 02 0000 [16 0001 00] "c"]', 0x82],
    ['a Will Delay Interval twice', '10 ["MQTT" 05 06 0000 [] "c" [18 00000001 18 00000001] "w" 0000]', 0x82],
    ['a Payload Format Indicator of 2', '10 ["MQTT" 05 06 0000 [] "c" [01 02] "w" 0000]', 0x82],
    ['a Will Topic with a wildcard', '10 ["MQTT" 05 06 0000 [] "c" [] "w/#" 0000]', 0x90],
  ];

  it('[MQTT-3.1.4-1] [MQTT-4.13.1-1] [MQTT-3.2.2-7] v5 that breaks a rule of section 3.1 is answered with why, and the connection closed', () => {
    for (const [what, notation, reasonCode] of MALFORMED) {
      const world = new World();
      const client = world.open(V5);
      client.sendBytes(wire(notation));
      expect([what, client.closed]).toEqual([what, true]);
      const connack = client.takeOne('connack');
      expect([what, connack.reasonCode]).toEqual([what, reasonCode]);
      expect(connack.properties.reasonString).toMatch(/\w+ \w+/);
      expect(world.core.sessions.count).toBe(0);
    }
  });

  it('[MQTT-3.1.4-1] [MQTT-4.8.0-1] v3.1.1 that breaks a rule of section 3.1 ends the connection without CONNACK', () => {
    for (const notation of [
      '10 ["MQTT" 04 03 0000 "c"]',
      '10 ["MQTT" 04 1e 0000 "c" "w" 0000]',
      '10 ["MQTT" 04 0a 0000 "c"]',
      '10 ["MQTT" 04 42 0000 "c" 0000]',
      '10 ["MQTT" 04 02 0000]',
      '10 ["MQTT" 04 02 0000 "c" 00]',
      '10 ["MQTT" 04 06 0000 "c" "w/+" 0000]',
      '1f ["MQTT" 04 02 0000 "c"]',
    ]) {
      const world = new World();
      const client = world.open(V311);
      client.sendBytes(wire(notation));
      expect([notation, client.closed, client.writes]).toEqual([notation, true, []]);
      expect(world.core.sessions.count).toBe(0);
    }
  });

  it('[MQTT-3.1.2-1] [MQTT-3.1.2-2] v5 [MQTT-3.1.2-1] [MQTT-3.1.2-2] v3.1.1 of another protocol or version is told so as it can read it, and closed', () => {
    for (const [notation, answer] of [
      ['10 ["MQTT" 06 02 0000 [] "c"]', 0x84],
      ['10 ["MQTT" 03 02 0000 "c"]', 1],
      ['10 ["MQTT" 00 02 0000 "c"]', 1],
      ['10 ["MQIsdp" 04 02 0000 "c"]', 1],
      ['10 ["mqtt" 04 02 0000 "c"]', undefined],
      ['10 ["HTTP" 05 02 0000 "c"]', undefined],
    ] as const) {
      const client = new World().open(answer === 0x84 ? V5 : V311);
      client.sendBytes(wire(notation));
      expect([notation, client.closed]).toEqual([notation, true]);
      if (answer === undefined) expect(client.writes).toEqual([]);
      else expect(client.writes[0]!.subarray(2, 4)).toEqual(Uint8Array.of(0, answer));
    }
  });
});
