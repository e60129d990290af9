/**
 * Our packets in the form of the npm package `mqtt-packet`, which MQTT.js and aedes use: other names, and values that
 * say less. What is lost on the way is written down where it happens, so that a comparison loses it on both sides.
 */
import type { Packet, UserProperty } from '@martlet/protocol';
import { connectReturnCodeFor, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import type { Packet as TheirPacket } from 'mqtt-packet';

/** A packet of theirs, to compare and to generate; its type has less than what it holds. */
export type Form = Readonly<Record<string, unknown>>;

/** Their names of our properties, where they differ. */
const THEIR_NAME: Readonly<Record<string, string>> = {
  maximumQos: 'maximumQoS',
  subscriptionIdentifiers: 'subscriptionIdentifier',
};

export function formOf(packet: Packet, version: ProtocolVersion): Form {
  const isV5 = version === ProtocolVersion.V5;
  switch (packet.type) {
    case 'connect':
      return {
        cmd: 'connect',
        protocolId: packet.protocolVersion === ProtocolVersion.V31 ? 'MQIsdp' : 'MQTT',
        protocolVersion: packet.protocolVersion,
        clientId: packet.clientId,
        clean: packet.cleanStart,
        keepalive: packet.keepAlive,
        ...propertiesForm(packet.properties),
        ...(packet.bridge === true ? { bridgeMode: true } : undefined),
        ...(packet.username === undefined ? undefined : { username: packet.username }),
        ...(packet.password === undefined ? undefined : { password: Buffer.from(packet.password) }),
        ...(packet.will === undefined
          ? undefined
          : {
              will: {
                topic: packet.will.topicName,
                payload: Buffer.from(packet.will.payload),
                qos: packet.will.qos,
                retain: packet.will.retain,
                ...propertiesForm(packet.will.properties),
              },
            }),
      };
    case 'connack':
      return {
        cmd: 'connack',
        sessionPresent: packet.sessionPresent,
        ...(isV5
          ? { reasonCode: packet.reasonCode }
          : { returnCode: connectReturnCodeFor(packet.reasonCode) }),
        ...propertiesForm(packet.properties),
      };
    case 'publish':
      return {
        cmd: 'publish',
        topic: packet.topicName,
        payload: Buffer.from(packet.payload),
        qos: packet.qos,
        retain: packet.retain,
        dup: packet.dup,
        ...(packet.qos === 0 ? undefined : { messageId: packet.packetId }),
        ...propertiesForm(packet.properties),
      };
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return {
        cmd: packet.type,
        messageId: packet.packetId,
        ...(isV5 ? { reasonCode: packet.reasonCode } : undefined),
        ...propertiesForm(packet.properties),
      };
    case 'subscribe':
      return {
        cmd: 'subscribe',
        messageId: packet.packetId,
        subscriptions: packet.subscriptions.map((each) => ({
          topic: each.topicFilter,
          qos: each.qos,
          ...(isV5 ? { nl: each.noLocal, rap: each.retainAsPublished, rh: each.retainHandling } : undefined),
        })),
        ...propertiesForm(packet.properties),
      };
    case 'unsubscribe':
      return {
        cmd: 'unsubscribe',
        messageId: packet.packetId,
        unsubscriptions: packet.topicFilters,
        ...propertiesForm(packet.properties),
      };
    case 'suback':
    case 'unsuback':
      return {
        cmd: packet.type,
        messageId: packet.packetId,
        ...(isV5 || packet.type === 'suback' ? { granted: packet.reasonCodes } : undefined),
        ...propertiesForm(packet.properties),
      };
    case 'pingreq':
    case 'pingresp':
      return { cmd: packet.type };
    case 'disconnect':
    case 'auth':
      return {
        cmd: packet.type,
        ...(isV5 ? { reasonCode: packet.reasonCode } : undefined),
        ...propertiesForm(packet.properties),
      };
  }
}

function propertiesForm(properties: object): { properties?: Form } {
  const form = Object.entries(properties).map(([name, value]) => [
    THEIR_NAME[name] ?? name,
    valueForm(name, value),
  ]);
  return form.length === 0 ? {} : { properties: Object.fromEntries(form) };
}

function valueForm(name: string, value: unknown): unknown {
  if (name === 'userProperties') return userPropertiesForm(value as readonly UserProperty[]);
  if (name === 'payloadFormatIndicator') return value === 1;
  // One is a value, several are an array.
  if (name === 'subscriptionIdentifiers')
    return (value as number[]).length === 1 ? (value as number[])[0] : value;
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

/** An object from names to a value or several: the order of different names is lost. */
function userPropertiesForm(properties: readonly UserProperty[]): Record<string, string | string[]> {
  const form: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of properties) {
    const before = form[name];
    form[name] = before === undefined ? value : [before, value].flat();
  }
  return form;
}

/** A packet that their parser gave, without the fields of the fixed header that they add to every packet. */
export function comparable(packet: TheirPacket): Form {
  const { length, topic, payload, ...rest } = packet as unknown as Record<string, unknown>;
  const present = Object.entries(rest).filter(
    ([name, value]) => value !== null && !isFlagOfOthers(name, rest),
  );
  return Object.fromEntries(
    rest['cmd'] === 'publish' ? [...present, ['topic', topic], ['payload', payload]] : present,
  );
}

function isFlagOfOthers(name: string, packet: Readonly<Record<string, unknown>>): boolean {
  return packet['cmd'] !== 'publish' && ['qos', 'retain', 'dup'].includes(name);
}

/** Our packet with what their form loses lost. */
export function leveled(packet: Packet): Packet {
  const properties =
    'properties' in packet ? { properties: leveledProperties(packet.properties) } : undefined;
  if (packet.type !== 'connect' || packet.will === undefined) return { ...packet, ...properties } as Packet;
  const will = { ...packet.will, properties: leveledProperties(packet.will.properties) };
  return { ...packet, ...properties, will } as Packet;
}

function leveledProperties(properties: object): object {
  if (!('userProperties' in properties)) return properties;
  const form = userPropertiesForm(properties.userProperties as readonly UserProperty[]);
  const userProperties = Object.entries(form).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value]),
  );
  return { ...properties, userProperties };
}

/** What they get wrong or cannot say, with what decides the matter. */
export const DEVIATIONS: readonly {
  readonly what: string;
  readonly decidedBy: string;
  readonly when: 'parsing' | 'generating';
  concerns(packet: Packet, version: ProtocolVersion): boolean;
}[] = [
  {
    what: 'of a User Property that comes again, an empty first value is lost',
    decidedBy: 'section 3.3.2.3.7: the same name is allowed to appear more than once',
    when: 'parsing',
    concerns: (packet) => userPropertiesOf(packet).some(({ isLost }) => isLost),
  },
  {
    what: 'an empty AUTH is an error',
    decidedBy: 'section 3.15.2.1: reason code and properties can be left out for Success without properties',
    when: 'parsing',
    concerns: (packet) =>
      packet.type === 'auth' &&
      packet.reasonCode === ReasonCode.Success &&
      Object.keys(packet.properties).length === 0,
  },
  {
    what: 'DISCONNECT with Bad authentication method is an error',
    decidedBy: 'section 2.4 lists it for DISCONNECT, although the table of section 3.14.2.1 does not',
    when: 'parsing',
    concerns: (packet) =>
      packet.type === 'disconnect' && packet.reasonCode === ReasonCode.BadAuthenticationMethod,
  },
  {
    what: 'a password without a user name is an error',
    decidedBy: '5.0 allows it: sections 3.1.2.8 and 3.1.2.9 tie neither to the other',
    when: 'generating',
    concerns: (packet) =>
      packet.type === 'connect' && packet.password !== undefined && packet.username === undefined,
  },
  {
    what: 'an empty Client Identifier without Clean Start, or before 3.1.1, is an error',
    decidedBy: 'section 3.1.3.1: it may be empty; whether to refuse it is for the server',
    when: 'generating',
    concerns: (packet) =>
      packet.type === 'connect' &&
      packet.clientId === '' &&
      (!packet.cleanStart || packet.protocolVersion === ProtocolVersion.V31),
  },
  {
    what: 'a SUBSCRIBE, SUBACK, UNSUBSCRIBE or UNSUBACK with an empty list is an error',
    decidedBy: 'MQTT 3.1 allows it; what answers a SUBSCRIBE is for the client to compare',
    when: 'generating',
    concerns: (packet, version) =>
      (packet.type === 'subscribe' && packet.subscriptions.length === 0) ||
      (packet.type === 'unsubscribe' && packet.topicFilters.length === 0) ||
      (packet.type === 'suback' && packet.reasonCodes.length === 0) ||
      (packet.type === 'unsuback' && packet.reasonCodes.length === 0 && version === ProtocolVersion.V5),
  },
];

function userPropertiesOf(packet: Packet): readonly { readonly isLost: boolean }[] {
  const lists = [
    'properties' in packet ? packet.properties : {},
    packet.type === 'connect' ? (packet.will?.properties ?? {}) : {},
  ];
  return lists.map((properties) => {
    const pairs =
      'userProperties' in properties ? (properties.userProperties as readonly UserProperty[]) : [];
    return {
      isLost: pairs.some(
        ([name, value], index) =>
          value === '' && pairs.some(([other], later) => later > index && other === name),
      ),
    };
  });
}
