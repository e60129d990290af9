import type { ConnectPacket } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

describe('a CONNECT of a client that is connected', () => {
  it('[MQTT-3.1.4-3] v5 [MQTT-3.1.4-2] v3.1.1 ends the older connection, with 0x8E where its version has it', () => {
    for (const older of VERSIONS) {
      for (const newer of VERSIONS) {
        for (const cleanStart of [false, true]) {
          const world = new World();
          const first = world.connect({ clientId: 'c', protocolVersion: older });
          first.subscribe('t');
          const second = world.connect({ clientId: 'c', protocolVersion: newer, cleanStart });
          expect(first.closed).toBe(true);
          expect(first.take()).toMatchObject(
            older === V5 ? [{ type: 'disconnect', reasonCode: ReasonCode.SessionTakenOver }] : [],
          );
          expect(second.closed).toBe(false);
          first.drop();
          second.subscribe('t');
          second.publish('t', 'goes on');
          expect(second.takeTexts()).toEqual(['goes on']);
          expect(world.core.sessions.count).toBe(1);
          expect(world.eventsOf('clientDisconnected')).toMatchObject([
            { protocolVersion: older, reasonCode: ReasonCode.SessionTakenOver },
          ]);
        }
      }
    }
  });

  it('goes on with its session, if that is kept', () => {
    for (const older of [V311, V5]) {
      const world = new World();
      const connect = (protocolVersion: ProtocolVersion): Partial<ConnectPacket> => ({
        clientId: 'c',
        protocolVersion,
        cleanStart: false,
        properties: protocolVersion === V5 ? { sessionExpiryInterval: 100 } : {},
      });
      const first = world.connect(connect(older));
      first.subscribe('t', 1);
      world.connect().publish('t', 'not acknowledged', { qos: 1 });
      expect(first.takeTexts()).toEqual(['not acknowledged']);
      const second = world.connect(connect(V5));
      expect(second.connack!.sessionPresent).toBe(true);
      expect(second.takePublishes()).toMatchObject([{ dup: true, payload: bytesOf('not acknowledged') }]);
    }
  });

  it('does so again and again', () => {
    const world = new World();
    const clients = Array.from({ length: 50 }, () => world.connect({ clientId: 'c' }));
    expect(clients.map((client) => client.closed)).toEqual([...Array(49).fill(true), false]);
    expect(world.core.sessions.connected).toBe(1);
    expect(world.core.gauges.connections).toBe(1);
  });
});
