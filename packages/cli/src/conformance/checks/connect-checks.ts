/** Sections 3.1 and 3.2 of the specification: CONNECT that is refused, CONNACK that accepts. */
import type { ReasonCode } from '@martlet/protocol';
import { encodePacket } from '@martlet/protocol';
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { expectEqual, expectThat, packetsText } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import type { RawClient } from '../raw-client.ts';
import { hexText } from '../raw-client.ts';

const UNSUPPORTED_VERSION = 0x84 as ReasonCode;
const INVALID_CLIENT_ID = 0x85 as ReasonCode;
/** Connect Flags. */
const CLEAN = 0x02;
const WILL = 0x04;
const KEEP_ALIVE = [0, 60];

/** A CONNECT byte by byte. @param payload after the properties */
function connectBytes(world: CheckWorld, flags: number, ...payload: readonly Uint8Array[]): Uint8Array {
  const properties = world.isV5 ? [0] : [];
  return frame(0x10, field('MQTT'), [world.version, flags], KEEP_ALIVE, properties, ...payload);
}

/** Will Properties, where the version has them, Will Topic and Will Payload. */
function willBytes(world: CheckWorld): readonly Uint8Array[] {
  return [world.isV5 ? Uint8Array.of(0) : Uint8Array.of(), field(world.topic('will')), field('x')];
}

/**
 * The server has to close, without having accepted. Before MQTT 5.0 it may not even answer, where the CONNECT is against the
 * specification.
 */
async function isRefused(world: CheckWorld, client: RawClient, because: string): Promise<void> {
  const { packets } = await client.closes(because);
  const [first] = packets;
  if (first === undefined) return;
  const isRefusal = first.type === 'connack' && first.reasonCode >= 0x80;
  expectThat(packets.length === 1 && isRefusal, 'no answer but a CONNACK that refuses', packetsText(packets));
  if (!world.isV5) world.note('answers a CONNECT that is against the specification by CONNACK');
}

/** Sends bytes that no server may accept as CONNECT. */
async function refuses(world: CheckWorld, bytes: Uint8Array, what: string): Promise<void> {
  const client = await world.open('client');
  client.sendBytes(bytes, `CONNECT with ${what}`);
  await isRefused(world, client, what);
}

export const CONNECT_CHECKS: readonly Check[] = [
  {
    id: 'connect-accepted',
    title: 'answers a valid CONNECT by a CONNACK that accepts it, before anything else',
    v5: ['MQTT-3.1.4-5', 'MQTT-3.2.0-1', 'MQTT-3.2.2-2', 'MQTT-3.2.2-8', 'MQTT-3.1.2-6'],
    v311: ['MQTT-3.1.4-4', 'MQTT-3.2.0-1', 'MQTT-3.2.2-1'],
    run: async (world) => {
      const { connack } = await world.connect('client');
      expectEqual(connack?.sessionPresent, false, 'Session Present of a clean start');
    },
  },
  {
    id: 'connect-first-packet',
    title: 'closes a connection whose first packet is no CONNECT',
    v5: ['MQTT-3.1.0-1', 'MQTT-3.14.0-1'],
    v311: ['MQTT-3.1.0-1'],
    run: async (world) => {
      const client = await world.open('client');
      client.send({ type: 'pingreq' });
      const { packets, disconnect } = await client.closes('a PINGREQ before CONNECT');
      expectThat(packets.length === 0, 'no answer to it', packetsText(packets));
      expectThat(disconnect === undefined, 'no DISCONNECT where there was no CONNACK', 'one');
    },
  },
  {
    id: 'connect-twice',
    title: 'closes a connection on which a second CONNECT comes',
    v5: ['MQTT-3.1.0-2', 'MQTT-3.2.0-2'],
    v311: ['MQTT-3.1.0-2'],
    run: async (world) => {
      const client = await world.connect('client');
      client.send(world.connectPacket('client'));
      const { packets } = await client.closes('a second CONNECT');
      expectThat(packets.length === 0, 'no answer to it', packetsText(packets));
    },
  },
  {
    id: 'connect-protocol-name',
    title: 'does not go on with a protocol of another name',
    v5: ['MQTT-3.1.2-1'],
    v311: ['MQTT-3.1.2-1'],
    run: async (world) => {
      const client = await world.open('client');
      const properties = world.isV5 ? [0] : [];
      client.sendBytes(
        frame(
          0x10,
          field('MQTX'),
          [world.version, CLEAN],
          KEEP_ALIVE,
          properties,
          field(world.clientId('c')),
        ),
        'CONNECT of the protocol MQTX',
      );
      const { packets } = await client.closes('the Protocol Name MQTX');
      const accepted = packets.some((packet) => packet.type === 'connack' && packet.reasonCode === 0);
      expectThat(!accepted, 'it not to be accepted', packetsText(packets));
    },
  },
  {
    id: 'connect-unknown-version',
    title: 'refuses a version of the protocol that does not exist',
    v5: ['MQTT-3.1.2-2'],
    v311: ['MQTT-3.1.2-2'],
    run: async (world) => {
      const client = await world.open('client');
      const bytes = encodePacket(world.connectPacket('client'), world.version);
      // The Protocol Level is behind the fixed header and the Protocol Name.
      bytes[bytes.indexOf(0x54) + 2] = 0x7f;
      client.sendBytes(bytes, 'CONNECT of version 127');
      await client.ends('version 127');
      // The answer may be in the form of either version: type, length, flags, and 0x01 or 0x84.
      const [type, , , code] = client.firstBytes;
      if (type === undefined) {
        expectThat(world.isV5, 'CONNACK 0x01 before the connection is closed', 'none');
        return;
      }
      const isRefusal = type === 0x20 && (code === 0x01 || code === UNSUPPORTED_VERSION);
      expectThat(isRefusal, 'CONNACK with 0x01 or 0x84, unsupported version', hexText(client.firstBytes));
    },
  },
  {
    id: 'connect-reserved-flag',
    title: 'refuses a CONNECT whose reserved flag is 1',
    v5: ['MQTT-3.1.2-3', 'MQTT-3.1.4-1'],
    v311: ['MQTT-3.1.2-3', 'MQTT-3.1.4-1'],
    run: (world) =>
      refuses(world, connectBytes(world, CLEAN | 0x01, field(world.clientId('c'))), 'the reserved flag set'),
  },
  {
    id: 'connect-fixed-header-flags',
    title: 'refuses a CONNECT with flags in its fixed header',
    v5: ['MQTT-2.1.3-1'],
    v311: ['MQTT-2.2.2-1', 'MQTT-2.2.2-2'],
    run: async (world) => {
      const bytes = connectBytes(world, CLEAN, field(world.clientId('c')));
      bytes[0] = 0x11;
      await refuses(world, bytes, 'flag 0 of the fixed header set');
    },
  },
  {
    id: 'connect-will-qos-without-will',
    title: 'refuses a Will QoS without a will',
    v5: ['MQTT-3.1.2-11'],
    v311: ['MQTT-3.1.2-13'],
    run: (world) =>
      refuses(world, connectBytes(world, CLEAN | 0x08, field(world.clientId('c'))), 'Will QoS 1 and no will'),
  },
  {
    id: 'connect-will-retain-without-will',
    title: 'refuses Will Retain without a will',
    v5: ['MQTT-3.1.2-13'],
    v311: ['MQTT-3.1.2-15'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x20, field(world.clientId('c'))),
        'Will Retain and no will',
      ),
  },
  {
    id: 'connect-will-qos-3',
    title: 'refuses a will of QoS 3',
    v5: ['MQTT-3.1.2-12'],
    v311: ['MQTT-3.1.2-14'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | WILL | 0x18, field(world.clientId('c')), ...willBytes(world)),
        'Will QoS 3',
      ),
  },
  {
    id: 'connect-password-without-username',
    title: 'refuses a password without a user name',
    v311: ['MQTT-3.1.2-22'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x40, field(world.clientId('c')), field('secret')),
        'a password and no user name',
      ),
  },
  {
    id: 'connect-missing-will',
    title: 'refuses a CONNECT that announces a will and has none',
    v5: ['MQTT-3.1.2-9', 'MQTT-3.1.4-1'],
    v311: ['MQTT-3.1.2-9', 'MQTT-3.1.4-1'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | WILL, field(world.clientId('c'))),
        'no will behind its flag',
      ),
  },
  {
    id: 'connect-missing-username',
    title: 'refuses a CONNECT that announces a user name and has none',
    v5: ['MQTT-3.1.2-17'],
    v311: ['MQTT-3.1.2-19'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x80, field(world.clientId('c'))),
        'no user name behind its flag',
      ),
  },
  {
    id: 'connect-surplus-field',
    title: 'refuses a CONNECT with a field that its flags do not announce',
    v5: ['MQTT-3.1.2-16', 'MQTT-3.1.2-18'],
    v311: ['MQTT-3.1.2-18', 'MQTT-3.1.2-20', 'MQTT-3.1.2-11'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN, field(world.clientId('c')), field('surplus')),
        'a field more than its flags say',
      ),
  },
  {
    id: 'connect-client-id-utf8',
    title: 'refuses a Client Identifier that is not UTF-8',
    v5: ['MQTT-3.1.3-4', 'MQTT-1.5.4-1'],
    v311: ['MQTT-3.1.3-4', 'MQTT-1.5.3-1'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN, field(Uint8Array.of(0x61, 0xff))),
        'a Client Identifier of 61 ff',
      ),
  },
  {
    id: 'connect-client-id-null',
    title: 'refuses a Client Identifier with U+0000',
    v5: ['MQTT-3.1.3-4', 'MQTT-1.5.4-2'],
    v311: ['MQTT-3.1.3-4', 'MQTT-1.5.3-2'],
    run: (world) =>
      refuses(world, connectBytes(world, CLEAN, field(`a\u0000b`)), 'U+0000 in the Client Identifier'),
  },
  {
    id: 'connect-username-utf8',
    title: 'refuses a user name that is not UTF-8',
    v5: ['MQTT-3.1.3-12'],
    v311: ['MQTT-3.1.3-11'],
    run: (world) =>
      refuses(
        world,
        connectBytes(world, CLEAN | 0x80, field(world.clientId('c')), field(Uint8Array.of(0xc0, 0xaf))),
        'a user name of c0 af',
      ),
  },
  {
    id: 'connect-will-topic-utf8',
    title: 'refuses a Will Topic that is not UTF-8',
    v5: ['MQTT-3.1.3-11'],
    v311: ['MQTT-3.1.3-10'],
    run: (world) =>
      refuses(
        world,
        connectBytes(
          world,
          CLEAN | WILL,
          field(world.clientId('c')),
          world.isV5 ? Uint8Array.of(0) : Uint8Array.of(),
          field(Uint8Array.of(0xed, 0xa0, 0x80)),
          field('x'),
        ),
        'a surrogate in the Will Topic',
      ),
  },
  {
    id: 'connect-client-id-letters',
    title: 'accepts Client Identifiers of 1 to 23 letters and digits',
    v5: ['MQTT-3.1.3-5'],
    v311: ['MQTT-3.1.3-5'],
    run: async (world) => {
      for (const clientId of [world.clientId('0123456789abcdefghijklm'), world.clientId('NOPQRSTUVWXYZ')]) {
        const client = await world.connect('client', { clientId });
        await world.disconnect(client);
      }
    },
  },
  {
    id: 'connect-assigned-client-id',
    title: 'gives a client that has no identifier one that is its own, and tells it',
    v5: ['MQTT-3.1.3-6', 'MQTT-3.1.3-7', 'MQTT-3.2.2-16'],
    run: async (world) => {
      const seen = new Set<string>();
      for (const name of ['first', 'second']) {
        const client = await world.open(name);
        client.send(world.connectPacket(name, { clientId: '' }));
        const connack = await client.expect('connack');
        if (connack.reasonCode === INVALID_CLIENT_ID)
          world.skip('the server wants every client to have an identifier');
        const assigned = connack.properties.assignedClientIdentifier;
        expectThat(assigned !== undefined && assigned !== '', 'an Assigned Client Identifier', 'none');
        seen.add(assigned);
      }
      expectThat(seen.size === 2, 'two clients to get different identifiers', [...seen].join(' twice'));
    },
  },
  {
    id: 'connect-empty-client-id',
    title: 'accepts an empty Client Identifier with a clean session, twice at once',
    v311: ['MQTT-3.1.3-6'],
    run: async (world) => {
      const first = await world.open('first');
      first.send(world.connectPacket('first', { clientId: '' }));
      const connack = await first.expect('connack');
      if (connack.reasonCode === INVALID_CLIENT_ID)
        world.skip('the server wants every client to have an identifier');
      await world.connect('second', { clientId: '' });
      await first.untilPing();
    },
  },
  {
    id: 'connect-empty-client-id-with-session',
    title: 'refuses an empty Client Identifier for a session that is to be kept',
    v311: ['MQTT-3.1.3-8', 'MQTT-3.2.2-4', 'MQTT-3.2.2-5'],
    run: async (world) => {
      const client = await world.open('client');
      client.send({ ...world.connectPacket('client', { clientId: '' }), cleanStart: false });
      const { packets } = await client.closes('an empty Client Identifier and CleanSession 0');
      const [first] = packets;
      const isRefusal = first?.type === 'connack' && first.reasonCode === INVALID_CLIENT_ID;
      expectThat(
        isRefusal && !first.sessionPresent,
        'CONNACK 0x02, identifier rejected',
        packetsText(packets),
      );
    },
  },
  {
    id: 'connect-pipelined-after-refusal',
    title: 'acts on nothing that comes behind a CONNECT that it refuses',
    v5: ['MQTT-3.1.4-6'],
    v311: ['MQTT-3.1.4-5'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'));
      const client = await world.open('client');
      const publish = encodePacket(
        {
          type: 'publish',
          topicName: world.topic('a'),
          payload: Uint8Array.of(1),
          qos: 0,
          retain: false,
          dup: false,
          packetId: 0,
          properties: {},
        },
        world.version,
      );
      const connect = connectBytes(world, CLEAN | 0x01, field(world.clientId('c')));
      client.sendBytes(
        Uint8Array.of(...connect, ...publish),
        'CONNECT with the reserved flag set, and a PUBLISH',
      );
      await client.closes('the reserved flag');
      const messages = await world.messagesUpToNow(subscriber);
      expectThat(messages.length === 0, 'the PUBLISH to be ignored', packetsText(messages));
    },
  },
  {
    id: 'connect-takes-over',
    title: 'closes the connection of a client whose identifier connects anew',
    v5: ['MQTT-3.1.4-3'],
    v311: ['MQTT-3.1.4-2'],
    run: async (world) => {
      const clientId = world.clientId('same');
      const first = await world.connect('first', { clientId });
      const second = await world.connect('second', { clientId });
      const { disconnect } = await first.closes('a second connection with its Client Identifier');
      if (world.isV5 && disconnect?.reasonCode !== 0x8e)
        world.note('does not say Session taken over (0x8e) on the older connection');
      await second.untilPing();
    },
  },
  {
    id: 'connect-response-information',
    title: 'gives no Response Information that nobody asked for',
    v5: ['MQTT-3.1.2-28'],
    run: async (world) => {
      for (const properties of [{}, { requestResponseInformation: false }]) {
        const client = await world.connect('client', { properties });
        expectEqual(client.connack?.properties.responseInformation, undefined, 'Response Information');
        await world.disconnect(client);
      }
    },
  },
  {
    id: 'connect-unknown-authentication',
    title: 'refuses an authentication method that it does not know',
    v5: ['MQTT-4.12.0-1'],
    run: async (world) => {
      const client = await world.open('client');
      client.send(
        world.connectPacket('client', {
          properties: { authenticationMethod: `none-such-${world.clientId('')}` },
        }),
      );
      const { packets } = await client.closes('an unknown authentication method');
      const [first] = packets;
      const isRefusal = first === undefined || (first.type === 'connack' && first.reasonCode >= 0x80);
      expectThat(isRefusal, 'a CONNACK that refuses, or none', packetsText(packets));
    },
  },
  {
    id: 'connect-authentication-data-alone',
    title: 'refuses authentication data without a method',
    v5: ['MQTT-4.13.1-1'],
    run: async (world) => {
      const properties = [0x04, 0x16, 0x00, 0x01, 0x61];
      await refuses(
        world,
        frame(0x10, field('MQTT'), [5, CLEAN], KEEP_ALIVE, properties, field(world.clientId('c'))),
        'Authentication Data and no Authentication Method',
      );
    },
  },
];
