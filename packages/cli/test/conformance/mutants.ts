// Servers that break one rule each, and the checks that have to notice.

import type { Packet, PublishPacket, SubscribePacket } from '@martlet/protocol';
import type { Mutant } from './mutant-target.ts';
import { connectMutant } from './mutant-target.ts';

type PacketOf<Type extends Packet['type']> = Extract<Packet, { type: Type }>;

/** What the server sends of one type, with other fields. */
function sends<Type extends Packet['type']>(
  type: Type,
  change: (packet: PacketOf<Type>) => Packet | undefined,
): NonNullable<Mutant['fromServer']> {
  return (packet, wire) => {
    if (packet.type !== type) return false;
    const changed = change(packet as PacketOf<Type>);
    if (changed !== undefined) wire.toClient(changed);
    return true;
  };
}

/** What the server takes a packet of one type for. */
function takes<Type extends Packet['type']>(
  type: Type,
  change: (packet: PacketOf<Type>) => Packet | undefined,
): NonNullable<Mutant['fromClient']> {
  return (packet, wire) => {
    if (packet?.type !== type) return false;
    const changed = change(packet as PacketOf<Type>);
    if (changed !== undefined) wire.toServer(changed);
    return true;
  };
}

/** Every SUBSCRIBE has these options. */
function subscribesWith(
  options: Partial<SubscribePacket['subscriptions'][number]>,
): NonNullable<Mutant['fromClient']> {
  return takes('subscribe', (packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((each) => ({ ...each, ...options })),
  }));
}

function without(packet: PublishPacket, name: keyof PublishPacket['properties']): PublishPacket {
  const { [name]: _, ...properties } = packet.properties;
  return { ...packet, properties };
}

const CONNECTING: readonly Mutant[] = [
  {
    name: 'says Session Present always',
    checks: ['connect-accepted', 'session-absent', 'session-clean-start'],
    fromServer: sends('connack', (packet) => ({ ...packet, sessionPresent: packet.reasonCode === 0 })),
  },
  {
    name: 'says Session Present never',
    checks: ['session-present'],
    fromServer: sends('connack', (packet) => ({ ...packet, sessionPresent: false })),
  },
  {
    name: 'sets a reserved bit in CONNACK',
    checks: ['sent-packet-forms', 'connect-accepted'],
    fromServer: (packet, wire, frame) => {
      if (packet.type !== 'connack') return false;
      const bytes = frame.slice();
      bytes[2]! |= 0x02;
      wire.toClient(bytes);
      return true;
    },
  },
  {
    name: 'writes a length in more bytes than it needs',
    checks: ['sent-packet-forms', 'ping-answered'],
    fromServer: (packet, wire) => {
      if (packet.type !== 'pingresp') return false;
      wire.toClient(Uint8Array.of(0xd0, 0x80, 0x00));
      return true;
    },
  },
  {
    name: 'tells nobody the identifier that it has assigned',
    checks: ['connect-assigned-client-id'],
    fromServer: sends(
      'connack',
      ({ properties: { assignedClientIdentifier: _, ...properties }, ...packet }) => ({
        ...packet,
        properties,
      }),
    ),
  },
  {
    name: 'assigns the same identifier to everybody',
    checks: ['connect-assigned-client-id'],
    fromServer: sends('connack', (packet) => ({
      ...packet,
      properties: { ...packet.properties, assignedClientIdentifier: 'same' },
    })),
  },
  {
    name: 'gives Response Information unasked',
    checks: ['connect-response-information'],
    fromServer: sends('connack', (packet) => ({
      ...packet,
      properties: { ...packet.properties, responseInformation: 'answers/' },
    })),
  },
  {
    name: 'never closes a connection',
    checks: ['connect-twice', 'connect-reserved-flag', 'publish-qos-3', 'ping-flags', 'connect-takes-over'],
    hidesClosing: 'always',
  },
  {
    name: 'never closes a connection, by MQTT 3.1.1',
    version: 4,
    checks: ['connect-twice', 'connect-reserved-flag', 'publish-qos-3', 'packet-type-15', 'subscribe-empty'],
    hidesClosing: 'always',
  },
  {
    name: 'passes over what is no packet',
    checks: ['publish-topic-utf8', 'packet-type-0', 'packet-property-twice', 'subscribe-flags', 'alias-0'],
    fromClient: (packet) => packet === undefined,
  },
  {
    name: 'lets a client have several connections',
    checks: ['connect-takes-over', 'session-present'],
    fromClient: connectMutant((packet) => ({ ...packet, clientId: `${packet.clientId}${Math.random()}` })),
  },
  {
    name: 'accepts a version that there is not',
    version: 4,
    checks: ['connect-unknown-version'],
    fromClient: (packet, wire, frame) => {
      if (packet !== undefined || frame[0] !== 0x10) return false;
      const bytes = frame.slice();
      bytes[8] = 4;
      wire.toServer(bytes);
      return true;
    },
  },
  {
    name: 'takes the password flag for nothing',
    version: 4,
    checks: ['connect-password-without-username'],
    fromClient: (packet, wire, frame) => {
      if (packet !== undefined || frame[0] !== 0x10) return false;
      wire.toClient({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} });
      return true;
    },
  },
  {
    name: 'sends something behind DISCONNECT',
    checks: ['disconnect-by-server', 'connect-takes-over'],
    fromServer: (packet, wire, frame) => {
      if (packet.type !== 'disconnect') return false;
      wire.toClient(frame, { type: 'pingresp' });
      return true;
    },
  },
  {
    name: 'answers no PINGREQ',
    checks: ['ping-answered'],
    fromServer: sends('pingresp', () => undefined),
  },
  {
    name: 'answers PINGREQ twice',
    checks: ['ping-answered'],
    fromServer: (packet, wire, frame) => {
      if (packet.type === 'pingresp') wire.toClient(frame);
      return false;
    },
  },
];

const SESSIONS: readonly Mutant[] = [
  {
    name: 'keeps every session',
    checks: ['session-ends-with-connection', 'session-expiry-at-disconnect'],
    fromClient: (packet, wire) => {
      if (packet?.type === 'connect')
        wire.toServer({ ...packet, properties: { ...packet.properties, sessionExpiryInterval: 60 } });
      else if (packet?.type === 'disconnect') wire.toServer({ ...packet, properties: {} });
      else return false;
      return true;
    },
  },
  {
    name: 'keeps no session',
    checks: ['session-present', 'session-queues', 'session-resends-publish'],
    fromClient: connectMutant((packet) => ({
      ...packet,
      properties: { ...packet.properties, sessionExpiryInterval: 0 },
    })),
  },
  {
    name: 'throws the session away at a clean start by CleanSession only in the answer',
    version: 4,
    checks: ['session-clean-start'],
    fromClient: connectMutant((packet) => ({ ...packet, cleanStart: false })),
  },
  {
    name: 'sends what was not acknowledged without DUP',
    checks: ['session-resends-publish', 'session-resends-qos2-publish'],
    fromServer: sends('publish', (packet) => ({ ...packet, dup: false })),
  },
  {
    name: 'sends what was not acknowledged never again',
    checks: ['session-resends-publish', 'session-resends-qos2-publish', 'session-order'],
    fromServer: sends('publish', (packet) => (packet.dup ? undefined : packet)),
  },
  {
    name: 'sends PUBREL on the first connection only',
    checks: ['session-resends-pubrel'],
    fromServer: (packet, wire, frame) => {
      if (packet.type === 'connack' && packet.sessionPresent) wire.kept = packet;
      if (packet.type !== 'pubrel' || wire.kept === undefined) return false;
      return frame.length > 0;
    },
  },
  {
    name: 'lets a message expire never',
    checks: ['publish-expired', 'retain-expired', 'publish-expiry'],
    fromClient: takes('publish', (packet) => without(packet, 'messageExpiryInterval')),
  },
];

const WILLS: readonly Mutant[] = [
  {
    name: 'forgets wills',
    checks: ['will-published', 'will-at-disconnect', 'will-after-malformed', 'disconnect-flags'],
    fromClient: connectMutant(({ will: _, ...packet }) => packet),
  },
  {
    name: 'publishes the will of those who say goodbye',
    checks: ['will-not-published', 'will-not-inherited'],
    fromClient: (packet, wire) => {
      if (packet?.type !== 'disconnect') return false;
      wire.drop();
      return true;
    },
  },
  {
    name: 'keeps no will that is to be retained',
    checks: ['will-retained'],
    fromClient: connectMutant((packet) =>
      packet.will === undefined ? packet : { ...packet, will: { ...packet.will, retain: false } },
    ),
  },
  {
    name: 'keeps every will',
    version: 4,
    checks: ['will-not-retained'],
    fromClient: connectMutant((packet) =>
      packet.will === undefined ? packet : { ...packet, will: { ...packet.will, retain: true } },
    ),
  },
  {
    name: 'publishes wills at QoS 0',
    checks: ['will-qos'],
    fromClient: connectMutant((packet) =>
      packet.will === undefined ? packet : { ...packet, will: { ...packet.will, qos: 0 } },
    ),
  },
  {
    name: 'knows no Will Delay Interval and no properties of a will',
    checks: ['will-delay', 'will-properties', 'will-delay-cancelled'],
    fromClient: connectMutant((packet) =>
      packet.will === undefined ? packet : { ...packet, will: { ...packet.will, properties: {} } },
    ),
  },
];

const PUBLISHING: readonly Mutant[] = [
  {
    name: 'sets DUP in all that it forwards',
    checks: ['publish-dup'],
    fromServer: sends('publish', (packet) => ({ ...packet, dup: packet.qos > 0 })),
  },
  {
    name: 'loses the last byte of a payload',
    checks: ['publish-payload'],
    fromServer: sends('publish', (packet) => ({ ...packet, payload: packet.payload.slice(0, -1) })),
  },
  {
    name: 'sorts User Properties',
    checks: ['publish-user-properties', 'will-properties'],
    fromServer: sends('publish', (packet) => {
      const { userProperties } = packet.properties;
      if (userProperties === undefined) return packet;
      return { ...packet, properties: { ...packet.properties, userProperties: [...userProperties].sort() } };
    }),
  },
  {
    name: 'loses the Correlation Data',
    checks: ['publish-properties', 'will-properties'],
    fromServer: sends('publish', (packet) => without(packet, 'correlationData')),
  },
  {
    name: 'takes a byte order mark away',
    version: 4,
    checks: ['publish-topic-byte-order-mark'],
    fromClient: takes('publish', (packet) => ({
      ...packet,
      topicName: packet.topicName.replace('\u{FEFF}', ''),
    })),
  },
  {
    name: 'acknowledges another packet identifier',
    checks: ['publish-qos-answers'],
    fromServer: sends('puback', (packet) => ({ ...packet, packetId: packet.packetId + 1 })),
  },
  {
    name: 'acknowledges QoS 0',
    checks: ['publish-qos-answers'],
    fromClient: (packet, wire) => {
      if (packet?.type === 'publish' && packet.qos === 0)
        wire.toClient({ type: 'puback', packetId: 1, reasonCode: 0, properties: {} });
      return false;
    },
  },
  {
    name: 'delivers every message twice',
    checks: ['qos2-once', 'shared-one-of-group', 'subscribe-replaces'],
    fromServer: (packet, wire, frame) => {
      if (packet.type === 'publish' && packet.qos === 0) wire.toClient(frame);
      else if (packet.type === 'publish')
        wire.toClient({ ...packet, packetId: (packet.packetId + 30_000) % 65_536 || 1 });
      return false;
    },
  },
  {
    name: 'delivers each second message before the first',
    checks: ['publish-order', 'session-order'],
    fromServer: (packet, wire) => {
      if (packet.type !== 'publish' || packet.topicName.includes('/last/')) return false;
      if (wire.kept === undefined) {
        wire.kept = packet;
        return true;
      }
      wire.toClient(packet, wire.kept);
      wire.kept = undefined;
      return true;
    },
  },
  {
    name: 'uses a topic alias that the client does not take',
    checks: ['alias-outgoing'],
    fromServer: sends('publish', (packet) => ({
      ...packet,
      properties: { ...packet.properties, topicAlias: 5 },
    })),
  },
  {
    name: 'remembers the first topic of an alias for ever',
    checks: ['alias-changed'],
    fromClient: (packet, wire) => {
      if (packet?.type !== 'publish' || packet.properties.topicAlias === undefined) return false;
      const first = wire.kept?.type === 'publish' ? wire.kept : packet;
      wire.kept = first;
      wire.toServer({ ...packet, topicName: first.topicName });
      return true;
    },
  },
];

const RETAINING: readonly Mutant[] = [
  {
    name: 'shows retained messages without RETAIN',
    checks: ['retain-kept', 'retain-as-published'],
    fromServer: sends('publish', (packet) => ({ ...packet, retain: false })),
  },
  {
    name: 'sets RETAIN in all that it forwards',
    checks: ['retain-live', 'retain-as-published'],
    fromServer: sends('publish', (packet) => ({ ...packet, retain: true })),
  },
  {
    name: 'retains everything',
    checks: ['retain-untouched'],
    fromClient: takes('publish', (packet) => ({ ...packet, retain: true })),
  },
  {
    name: 'retains nothing',
    version: 4,
    checks: ['retain-kept', 'retain-wildcards', 'session-retained-outlive-it'],
    fromClient: takes('publish', (packet) => ({ ...packet, retain: false })),
  },
  {
    name: 'shows retained messages whatever Retain Handling says',
    checks: ['retain-handling-1', 'retain-handling-2'],
    fromClient: subscribesWith({ retainHandling: 0 }),
  },
  {
    name: 'never shows retained messages again',
    checks: ['retain-handling-0'],
    fromClient: subscribesWith({ retainHandling: 1 }),
  },
];

const SUBSCRIBING: readonly Mutant[] = [
  {
    name: 'sends a client its own messages in spite of No Local',
    checks: ['subscribe-no-local'],
    fromClient: subscribesWith({ noLocal: false }),
  },
  {
    name: 'grants QoS 2 to everybody',
    checks: ['subscribe-answered', 'subscribe-replaces'],
    fromClient: subscribesWith({ qos: 2 }),
  },
  {
    name: 'delivers at QoS 0 whatever it has granted',
    version: 4,
    checks: ['subscribe-qos-bounds', 'subscribe-overlap-qos', 'will-qos'],
    fromServer: sends('publish', (packet) => ({ ...packet, qos: 0, packetId: 0, dup: false })),
  },
  {
    name: 'unsubscribes nobody',
    checks: ['unsubscribe-literally', 'shared-unsubscribe', 'subscribe-replaces'],
    fromClient: (packet, wire) => {
      if (packet?.type !== 'unsubscribe') return false;
      const reasonCodes = packet.topicFilters.map(() => 0 as const);
      wire.toClient({ type: 'unsuback', packetId: packet.packetId, reasonCodes, properties: {} });
      return true;
    },
  },
  {
    name: 'says of every subscription that it existed',
    checks: ['unsubscribe-answered', 'shared-unsubscribe'],
    fromServer: sends('unsuback', (packet) => ({ ...packet, reasonCodes: packet.reasonCodes.map(() => 0) })),
  },
  {
    name: 'answers SUBSCRIBE by codes in another order',
    checks: ['subscribe-answered'],
    fromServer: sends('suback', (packet) => ({ ...packet, reasonCodes: [...packet.reasonCodes].sort() })),
  },
  {
    name: 'tells no subscription identifiers',
    checks: ['subscribe-identifiers'],
    fromServer: sends('publish', (packet) => without(packet, 'subscriptionIdentifiers')),
  },
  {
    name: 'accepts filters that are none',
    checks: ['topic-invalid-filters', 'topic-empty-filter', 'topic-null-filter', 'shared-invalid-filters'],
    fromClient: (packet, wire, frame) => {
      const isBad = packet === undefined || (packet.type === 'subscribe' && packet.packetId === 7);
      if (!isBad || frame[0] !== 0x82) return false;
      wire.toClient({ type: 'suback', packetId: 7, reasonCodes: [0], properties: {} });
      return true;
    },
  },
  {
    name: 'takes no notice of case',
    version: 4,
    checks: ['topic-case-and-form', 'topic-matching'],
    fromClient: takes('publish', (packet) => ({ ...packet, topicName: packet.topicName.toLowerCase() })),
  },
  {
    name: 'takes a shared subscription for one of its own',
    checks: ['shared-one-of-group', 'shared-refused'],
    fromClient: takes('subscribe', (packet) => ({
      ...packet,
      subscriptions: packet.subscriptions.map((each) => ({
        ...each,
        topicFilter: each.topicFilter.replace(/^\$share\/[^/]+\//, ''),
      })),
    })),
  },
];

const DELIVERING: readonly Mutant[] = [
  {
    name: 'knows no Receive Maximum',
    checks: ['flow-receive-maximum'],
    fromClient: connectMutant(({ properties: { receiveMaximum: _, ...properties }, ...packet }) => ({
      ...packet,
      properties,
    })),
  },
  {
    name: 'knows no Maximum Packet Size',
    checks: ['packet-size-obeyed'],
    fromClient: connectMutant(({ properties: { maximumPacketSize: _, ...properties }, ...packet }) => ({
      ...packet,
      properties,
    })),
  },
  {
    name: 'explains every SUBACK at length',
    checks: ['sent-packet-sizes', 'problem-information'],
    fromServer: sends('suback', (packet) => ({
      ...packet,
      properties: { ...packet.properties, reasonString: 'because it is so, and was so ever since' },
    })),
  },
  {
    name: 'explains every PUBCOMP at length',
    checks: ['sent-packet-sizes'],
    fromServer: sends('pubcomp', (packet) => ({
      ...packet,
      properties: { ...packet.properties, userProperties: [['why', 'it is so, and was so ever since']] },
    })),
  },
  {
    name: 'answers no repeated QoS 2 PUBLISH',
    checks: ['qos2-once', 'session-qos2-received-once'],
    fromClient: (packet) => packet?.type === 'publish' && packet.qos === 2 && packet.dup,
  },
  {
    name: 'takes a repeated QoS 2 PUBLISH for a new one',
    checks: ['qos2-once', 'session-qos2-received-once'],
    fromClient: (packet, wire) => {
      if (packet?.type !== 'publish' || packet.qos !== 2 || !packet.dup) return false;
      wire.toServer({ ...packet, qos: 0, packetId: 0, dup: false });
      wire.toClient({ type: 'pubrec', packetId: packet.packetId, reasonCode: 0, properties: {} });
      return true;
    },
  },
  {
    name: 'answers no PUBREL that it knows nothing of',
    version: 4,
    checks: ['qos2-unknown-pubrel'],
    fromClient: (packet) => packet?.type === 'pubrel' && packet.packetId === 77,
  },
  {
    name: 'takes a refusing PUBREC for an accepting one',
    checks: ['qos2-refused-pubrec'],
    fromClient: takes('pubrec', (packet) => ({ ...packet, reasonCode: 0 })),
  },
  {
    name: 'gives all messages one packet identifier',
    checks: ['qos-packet-ids'],
    fromServer: sends('publish', (packet) => ({ ...packet, packetId: packet.qos === 0 ? 0 : 1 })),
  },
];

/** What servers may do, however few of them do: no check may fail for it. */
export const ALLOWED: readonly Mutant[] = [
  {
    name: 'leaves it to the client to close behind DISCONNECT',
    checks: [],
    hidesClosing: 'behind DISCONNECT',
  },
  {
    name: 'authorizes nobody to subscribe',
    checks: [],
    fromServer: sends('suback', (packet) => ({ ...packet, reasonCodes: packet.reasonCodes.map(() => 0x87) })),
  },
  {
    name: 'authorizes nobody to publish at QoS 1',
    checks: [],
    fromClient: (packet, wire) => {
      if (packet?.type !== 'publish' || packet.qos !== 1) return false;
      wire.toClient({ type: 'puback', packetId: packet.packetId, reasonCode: 0x87, properties: {} });
      return true;
    },
  },
  {
    name: 'says who it is in CONNACK where there is room',
    checks: [],
    fromClient: (packet, wire) => {
      if (packet?.type === 'connect') wire.kept = packet;
      return false;
    },
    fromServer: (packet, wire) => {
      const { kept } = wire;
      const hasRoom = kept?.type === 'connect' && kept.properties.maximumPacketSize === undefined;
      if (packet.type !== 'connack' || !hasRoom) return false;
      const properties = {
        ...packet.properties,
        reasonString: 'welcome',
        userProperties: [['a', 'b']] as const,
      };
      wire.toClient({ ...packet, properties });
      return true;
    },
  },
];

export const MUTANTS: readonly Mutant[] = [
  ...CONNECTING,
  ...SESSIONS,
  ...WILLS,
  ...PUBLISHING,
  ...RETAINING,
  ...SUBSCRIBING,
  ...DELIVERING,
];
