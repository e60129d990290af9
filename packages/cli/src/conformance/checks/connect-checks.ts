/** Sections 3.1 and 3.2 of the specification: CONNECT that is refused, CONNACK that accepts. */
import type { ReasonCode } from '@martlet/protocol';
import { encodePacket } from '@martlet/protocol';
import type { Check } from '../check.ts';
import { expectEqual, expectThat } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';
import { hexText } from '../raw-client.ts';
import { CLEAN, connectBytes, KEEP_ALIVE } from './connect-bytes.ts';

const UNSUPPORTED_VERSION = 0x84 as ReasonCode;
const INVALID_CLIENT_ID = 0x85 as ReasonCode;

export const CONNECT_CHECKS: readonly Check[] = [
  {
    id: 'connect-accepted',
    title: 'answers a valid CONNECT by a CONNACK that accepts it, before anything else',
    v5: ['MQTT-3.1.4-5', 'MQTT-3.2.0-1', 'MQTT-3.2.2-2', 'MQTT-3.2.2-8', 'MQTT-3.1.2-6', 'MQTT-4.12.0-6'],
    v311: ['MQTT-3.1.4-4', 'MQTT-3.2.0-1', 'MQTT-3.2.2-1'],
    run: async (world) => {
      const { connack } = await world.connect('client');
      expectEqual(connack?.sessionPresent, false, 'Session Present of a clean start');
      const method = connack?.properties.authenticationMethod;
      expectEqual(method, undefined, 'the Authentication Method where CONNECT named none');
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
      if (world.isV5) {
        const { packets } = await client.closes('the Protocol Name MQTX');
        const [first] = packets;
        const isRefusal = first === undefined || (first.type === 'connack' && first.reasonCode >= 0x80);
        expectThat(isRefusal, 'a CONNACK that refuses, or none', packetsText(packets));
        return;
      }
      // It may go on by another specification, whose protocol this is, and only not by this one.
      client.send({ type: 'pingreq' });
      const answer = await client.nextOrSettled();
      const isMqtt =
        typeof answer !== 'string' &&
        (answer.type === 'pingresp' || (answer.type === 'connack' && answer.reasonCode === 0));
      expectThat(
        !isMqtt,
        'it not to be taken for MQTT',
        typeof answer === 'string' ? answer : packetsText([answer]),
      );
    },
  },
  {
    id: 'connect-unknown-version',
    title: 'refuses a version of the protocol that does not exist',
    v5: ['MQTT-3.1.2-2'],
    v311: ['MQTT-3.1.2-2'],
    run: async (world) => {
      const client = await world.open('client');
      const properties = world.isV5 ? [0] : [];
      const clientId = field(world.clientId('client'));
      client.sendBytes(
        frame(0x10, field('MQTT'), [0x7f, CLEAN], KEEP_ALIVE, properties, clientId),
        'CONNECT of version 127',
      );
      await client.ends('version 127');
      // The answer may be in the form of either version: type, length, flags, and 0x01 or 0x84.
      const [type, , , code] = client.firstBytes;
      if (type === undefined) {
        // MQTT 5.0 leaves it to the server whether it answers.
        expectThat(world.takesV5, 'CONNACK 0x01 before the connection is closed', 'none');
        return;
      }
      const isRefusal = type === 0x20 && (code === 0x01 || code === UNSUPPORTED_VERSION);
      expectThat(isRefusal, 'CONNACK with 0x01 or 0x84, unsupported version', hexText(client.firstBytes));
    },
  },
  {
    id: 'connect-client-id-letters',
    title: 'accepts Client Identifiers of 1 to 23 letters and digits',
    v5: ['MQTT-3.1.3-5'],
    v311: ['MQTT-3.1.3-5'],
    run: async (world) => {
      for (const letters of [
        '',
        '0123456789ab',
        'cdefghijklmn',
        'opqrstuvwxyz',
        'ABCDEFGHIJKL',
        'MNOPQRSTUVWXYZ',
      ]) {
        const clientId = world.clientId(letters);
        const client = await world.connect('client', { clientId });
        await world.disconnect(client);
      }
    },
  },
  {
    id: 'connect-client-id-refused',
    title: 'closes when it does not take a Client Identifier, and says why if it says anything',
    v5: ['MQTT-3.1.3-8', 'MQTT-3.2.2-6', 'MQTT-3.2.2-7'],
    v311: ['MQTT-3.1.3-9', 'MQTT-3.2.2-4', 'MQTT-3.2.2-5'],
    run: async (world) => {
      for (const clientId of ['', `${world.clientId('')} +#/`, world.clientId('').padEnd(65_535, 'x')]) {
        const client = await world.open('client');
        client.send(world.connectPacket('client', { clientId }));
        const answer = await client.nextOrClosed('CONNACK, or the end of the connection');
        if (answer !== 'closed' && answer.type === 'connack' && answer.reasonCode === 0) {
          await world.disconnect(client);
          continue;
        }
        if (answer === 'closed') {
          expectThat(world.isV5, 'CONNACK 0x02 before the connection is closed', 'none');
          return;
        }
        const isRefusal = answer.type === 'connack' && !answer.sessionPresent;
        expectThat(isRefusal, 'a CONNACK that refuses, without a session', packetsText([answer]));
        await client.closes('a Client Identifier that it does not take');
        return;
      }
      world.skip('the server takes every Client Identifier that was tried');
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
    v5: ['MQTT-4.12.0-1', 'MQTT-3.2.2-6', 'MQTT-3.2.2-7', 'MQTT-4.13.2-1'],
    run: async (world) => {
      const client = await world.open('client');
      client.send(
        world.connectPacket('client', {
          properties: { authenticationMethod: `none-such-${world.clientId('')}` },
        }),
      );
      const { packets } = await client.closes('an unknown authentication method');
      const [first] = packets;
      const isRefusal =
        first === undefined ||
        (first.type === 'connack' && first.reasonCode >= 0x80 && !first.sessionPresent);
      expectThat(isRefusal, 'a CONNACK that refuses, without a session, or none', packetsText(packets));
    },
  },
];
