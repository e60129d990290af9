import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];
const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

describe('a Client Identifier', () => {
  it('[MQTT-3.1.3-5] v5 v3.1.1 of 1 to 23 letters and digits is accepted', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      for (let length = 1; length <= 23; length++) {
        const clientId = (LETTERS + LETTERS).slice(length * 2, length * 3);
        expect(world.connect({ protocolVersion, clientId }).connack!.reasonCode).toBe(ReasonCode.Success);
        expect(world.core.sessions.get(clientId)).toBeDefined();
      }
      for (const clientId of LETTERS) world.connect({ protocolVersion, clientId });
    }
  });

  it('may be longer and of any characters, in every version', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      for (const clientId of ['x'.repeat(24), 'y'.repeat(65_535), 'a/b+#$', 'größe 🦅', ' ']) {
        world.connect({ protocolVersion, clientId });
        expect(world.eventsOf('clientConnected').at(-1)).toMatchObject({ clientId });
      }
    }
  });

  it('[MQTT-3.1.3-8] v5 [MQTT-3.1.3-9] v3.1.1 that the broker turns down is answered, and the connection closed', () => {
    const refusing = new TestAuthenticator(({ clientId }) =>
      clientId === 'root'
        ? { kind: 'refuse', reasonCode: ReasonCode.ClientIdentifierNotValid, reasonString: 'reserved' }
        : { kind: 'accept' },
    );
    for (const protocolVersion of VERSIONS) {
      const world = new World({ authenticator: refusing });
      const client = world.connecting({ protocolVersion, clientId: 'root' });
      expect(client.closed).toBe(true);
      expect(client.take()).toEqual([
        {
          type: 'connack',
          sessionPresent: false,
          reasonCode: ReasonCode.ClientIdentifierNotValid,
          properties: protocolVersion === V5 ? { reasonString: 'reserved' } : {},
        },
      ]);
      if (protocolVersion !== V5) expect(client.writes).toEqual([Uint8Array.of(0x20, 2, 0, 2)]);
      expect(world.connect({ protocolVersion, clientId: 'toor' }).closed).toBe(false);
    }
  });
});

describe('an empty Client Identifier', () => {
  it('[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] v5 is replaced by one that no other session has, and CONNACK tells it', () => {
    for (const cleanStart of [false, true]) {
      const world = new World();
      // Names that the generator of this world comes to.
      const taken = Array.from({ length: 10 }, (_, i) => `assigned-${20 + i}`);
      for (const clientId of taken) {
        world.connect({ clientId, properties: { sessionExpiryInterval: 100 } }).drop();
      }
      const connect = { clientId: '', cleanStart, properties: { sessionExpiryInterval: 100 } };
      const clients = Array.from({ length: 10 }, () => world.connect(connect));
      const assigned = clients.map((client) => client.connack!.properties.assignedClientIdentifier!);
      expect(new Set([...assigned, ...taken]).size).toBe(20);
      expect(clients.every((client) => !client.closed)).toBe(true);
      expect(clients.every((client) => client.connack!.sessionPresent === false)).toBe(true);

      // The client may come back under that name, and has its session.
      clients[3]!.subscribe('t', 1);
      clients[3]!.drop();
      world.connect().publish('t', 'for you', { qos: 1 });
      const back = world.connect({ ...connect, clientId: assigned[3]!, cleanStart: false });
      expect(back.connack).toMatchObject({ sessionPresent: true });
      expect(back.connack!.properties.assignedClientIdentifier).toBeUndefined();
      expect(back.takeTexts()).toEqual(['for you']);
    }
  });

  it('[MQTT-3.1.3-6] v3.1.1 with Clean Session 1 is replaced by one that no other session has', () => {
    const world = new World();
    world.connect({ clientId: 'assigned-1' });
    const connect = { clientId: '', protocolVersion: V311, cleanStart: true };
    const clients = Array.from({ length: 10 }, () => world.connect(connect));
    expect(world.core.sessions.count).toBe(11);
    expect(clients.every((client) => !client.closed)).toBe(true);
    const names = world.eventsOf('clientConnected').map((each) => each.clientId);
    expect(names).not.toContain('');
    expect(new Set(names).size).toBe(11);
    for (const client of clients) client.subscribe('t');
    clients[0]!.publish('t', 'to all');
    for (const client of clients) expect(client.takeTexts()).toEqual(['to all']);
  });

  it('[MQTT-3.1.3-7] [MQTT-3.1.3-8] v3.1.1 with Clean Session 0 is answered with return code 2, and the connection closed', () => {
    const world = new World();
    const client = world.connecting({ clientId: '', protocolVersion: V311, cleanStart: false });
    expect(client.writes).toEqual([Uint8Array.of(0x20, 2, 0, 2)]);
    expect(client.closed).toBe(true);
    expect(world.core.sessions.count).toBe(0);
  });

  it('is what MQTT 3.1 does not have: return code 2', () => {
    for (const cleanStart of [false, true]) {
      const client = new World().connecting({ clientId: '', protocolVersion: V31, cleanStart });
      expect(client.writes).toEqual([Uint8Array.of(0x20, 2, 0, 2)]);
      expect(client.closed).toBe(true);
    }
  });

  it('is shown to the authenticator as the one that replaces it', () => {
    const authenticator = new TestAuthenticator(() => ({ kind: 'accept' }));
    const { connack } = new World({ authenticator }).connect({ clientId: '' });
    expect(authenticator.attempts).toMatchObject([
      { clientId: connack!.properties.assignedClientIdentifier! },
    ]);
  });
});
