/** Random packets that a version can say, as `decodePacket` gives them, so that encoding and decoding return them equal. */
import type {
  AcknowledgementProperties,
  ConnackPacket,
  ConnectPacket,
  Packet,
  PacketType,
  PropertyContext,
  PropertyRow,
  PublishPacket,
  Subscription,
  Will,
} from '@martlet/protocol';
import {
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  NO_PROPERTIES,
  PROPERTIES,
  ProtocolVersion,
  propertyByName,
  REASON_CODES,
  ReasonCode,
} from '@martlet/protocol';
import fc from 'fast-check';

/** Characters of one to four bytes, and those that careless code loses: the byte order mark, noncharacters, controls. */
const character = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...'abcXYZ019 _-$') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\u0001', '\u007f', '\u0080', 'é', '߿', 'ࠀ', '€', '퟿', '', '\uFEFF', '\uFFFF'),
  },
  { weight: 1, arbitrary: fc.constantFrom('\u{10000}', '😀', '\u{10FFFF}') },
);

export const utf8String: fc.Arbitrary<string> = fc.string({ unit: character, maxLength: 12 });

const level = fc.string({ unit: character, maxLength: 5 });

/** A Topic Name that may be published to. */
export const topicName: fc.Arbitrary<string> = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '');

/** A Topic Filter with its wildcards in place, shared or not. */
export const topicFilter: fc.Arbitrary<string> = fc
  .tuple(
    fc.option(fc.stringMatching(/^[a-z]{1,3}$/), { nil: undefined }),
    fc.array(fc.oneof({ weight: 3, arbitrary: level }, { weight: 1, arbitrary: fc.constant('+') }), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.boolean(),
  )
  .map(([shareName, levels, below]) => {
    const filter = [...levels, ...(below ? ['#'] : [])].join('/');
    return shareName === undefined ? filter : `$share/${shareName}/${filter}`;
  })
  .filter((text) => text !== '' && !text.endsWith('$share//'));

export const binaryData: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 20 });

/** Mostly small, sometimes large enough for a Remaining Length of two bytes. */
export const payload: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 100, maxLength: 300, size: 'max' }) },
);

export const packetId: fc.Arbitrary<number> = fc.integer({ min: 1, max: 0xffff });

const twoByteInteger = fc.integer({ min: 0, max: 0xffff });

/** A value of the property, at or near its bounds more often than not. */
export function propertyValue(row: PropertyRow): fc.Arbitrary<unknown> {
  const minimum = row.zeroRefusal === undefined ? 0 : 1;
  const integer = (maximum: number): fc.Arbitrary<number> =>
    fc.oneof(fc.constantFrom(minimum, 127, 128, maximum), fc.integer({ min: minimum, max: maximum }));
  switch (row.type) {
    case 'boolean':
      return fc.boolean();
    case 'bit':
      return fc.constantFrom(0, 1);
    case 'twoByteInteger':
      return integer(0xffff);
    case 'fourByteInteger':
      return integer(0xffff_ffff);
    case 'variableByteInteger':
      return fc.oneof(
        integer(MAXIMUM_VARIABLE_BYTE_INTEGER),
        fc.constantFrom(16_383, 16_384, 2_097_151, 2_097_152),
      );
    case 'binary':
      return binaryData;
    case 'string':
      return row.name === 'responseTopic' ? topicName : utf8String;
    case 'stringPair':
      return fc.tuple(utf8String, utf8String);
  }
}

/** Any properties that may stand there together, in any order. */
export function propertiesOf<Properties extends object>(context: PropertyContext): fc.Arbitrary<Properties> {
  const rows = PROPERTIES.filter((row) => propertyByName(context, row.name) === row);
  return fc
    .shuffledSubarray(rows)
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map((row) => {
          const value = propertyValue(row);
          return (row.repeats ? fc.array(value, { minLength: 1, maxLength: 3 }) : value).map(
            (each) => [row.name, each] as const,
          );
        }),
      ),
    )
    .map((entries) => Object.fromEntries(entries))
    .map(({ authenticationData, ...properties }) => {
      const hasMethod = 'authenticationMethod' in properties;
      return (hasMethod && authenticationData !== undefined
        ? { ...properties, authenticationData }
        : properties) as unknown as Properties;
    });
}

function propertiesIn<Properties extends object>(
  version: ProtocolVersion,
  context: PropertyContext,
): fc.Arbitrary<Properties | typeof NO_PROPERTIES> {
  return version === ProtocolVersion.V5 ? propertiesOf<Properties>(context) : fc.constant(NO_PROPERTIES);
}

export function reasonCodeOf(packet: PacketType): fc.Arbitrary<ReasonCode> {
  return fc.constantFrom(
    ...REASON_CODES.filter((row) => row.packets.includes(packet)).map((row) => row.value),
  );
}

function will(version: ProtocolVersion): fc.Arbitrary<Will> {
  return fc.record({
    topicName,
    payload: binaryData,
    qos: fc.constantFrom(0, 1, 2),
    retain: fc.boolean(),
    properties: propertiesIn(version, 'will'),
  });
}

function connect(version: ProtocolVersion): fc.Arbitrary<ConnectPacket> {
  return fc
    .record(
      {
        type: fc.constant('connect' as const),
        protocolVersion: fc.constant(version),
        clientId: utf8String,
        cleanStart: fc.boolean(),
        keepAlive: twoByteInteger,
        properties: propertiesIn(version, 'connect'),
        username: utf8String,
        password: binaryData,
        will: will(version),
        bridge: fc.constant(true),
      },
      { requiredKeys: ['type', 'protocolVersion', 'clientId', 'cleanStart', 'keepAlive', 'properties'] },
    )
    .map(({ bridge, password, ...packet }) => ({
      ...packet,
      ...(bridge !== undefined && version !== ProtocolVersion.V5 ? { bridge } : undefined),
      ...(password !== undefined && (version === ProtocolVersion.V5 || packet.username !== undefined)
        ? { password }
        : undefined),
    }));
}

function connack(version: ProtocolVersion): fc.Arbitrary<ConnackPacket> {
  const reasonCode =
    version === ProtocolVersion.V5
      ? reasonCodeOf('connack')
      : // One for each return code: those that decoding gives back.
        fc.constantFrom(
          ReasonCode.Success,
          ReasonCode.UnsupportedProtocolVersion,
          ReasonCode.ClientIdentifierNotValid,
          ReasonCode.ServerUnavailable,
          ReasonCode.BadUserNameOrPassword,
          ReasonCode.NotAuthorized,
        );
  return fc
    .record({
      type: fc.constant('connack' as const),
      sessionPresent: fc.boolean(),
      reasonCode,
      properties: propertiesIn(version, 'connack'),
    })
    .map((packet) => ({
      ...packet,
      sessionPresent:
        packet.sessionPresent && packet.reasonCode === ReasonCode.Success && version !== ProtocolVersion.V31,
    }));
}

function publish(version: ProtocolVersion): fc.Arbitrary<PublishPacket> {
  return fc
    .record({
      type: fc.constant('publish' as const),
      topicName,
      payload,
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      retain: fc.boolean(),
      dup: fc.boolean(),
      packetId,
      properties: propertiesIn<PublishPacket['properties']>(version, 'publish'),
      isAliased: fc.boolean(),
    })
    .map(({ isAliased, ...packet }) => ({
      ...packet,
      topicName: isAliased && 'topicAlias' in packet.properties ? '' : packet.topicName,
      dup: packet.dup && packet.qos > 0,
      packetId: packet.qos === 0 ? 0 : packet.packetId,
    }));
}

function acknowledgement<Type extends 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'>(
  type: Type,
  version: ProtocolVersion,
): fc.Arbitrary<Packet> {
  return fc.record({
    type: fc.constant(type),
    packetId,
    reasonCode: version === ProtocolVersion.V5 ? reasonCodeOf(type) : fc.constant(ReasonCode.Success),
    properties: propertiesIn<AcknowledgementProperties>(version, type),
  }) as fc.Arbitrary<Packet>;
}

function subscription(version: ProtocolVersion): fc.Arbitrary<Subscription> {
  const isV5 = version === ProtocolVersion.V5;
  return fc
    .record({
      topicFilter,
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      noLocal: isV5 ? fc.boolean() : fc.constant(false),
      retainAsPublished: isV5 ? fc.boolean() : fc.constant(false),
      retainHandling: isV5 ? fc.constantFrom(0 as const, 1 as const, 2 as const) : fc.constant(0 as const),
    })
    .map((each) => ({ ...each, noLocal: each.noLocal && !each.topicFilter.startsWith('$share/') }));
}

/** One arbitrary per packet that the version has. */
export function packetArbitraries(
  version: ProtocolVersion,
): Partial<Record<PacketType, fc.Arbitrary<Packet>>> {
  const isV5 = version === ProtocolVersion.V5;
  const minLength = version === ProtocolVersion.V31 ? 0 : 1;
  const reasonCodes = (packet: 'suback' | 'unsuback'): fc.Arbitrary<ReasonCode[]> =>
    fc.array(reasonCodeOf(packet), { maxLength: 4 });
  return {
    connect: connect(version),
    connack: connack(version),
    publish: publish(version),
    puback: acknowledgement('puback', version),
    pubrec: acknowledgement('pubrec', version),
    pubrel: acknowledgement('pubrel', version),
    pubcomp: acknowledgement('pubcomp', version),
    subscribe: fc.record({
      type: fc.constant('subscribe' as const),
      packetId,
      subscriptions: fc.array(subscription(version), { minLength, maxLength: 4 }),
      properties: propertiesIn(version, 'subscribe'),
    }),
    suback: fc.record({
      type: fc.constant('suback' as const),
      packetId,
      reasonCodes: isV5
        ? reasonCodes('suback')
        : fc.array(fc.constantFrom<ReasonCode[]>(0, 1, 2, ReasonCode.UnspecifiedError), { maxLength: 4 }),
      properties: propertiesIn(version, 'suback'),
    }),
    unsubscribe: fc.record({
      type: fc.constant('unsubscribe' as const),
      packetId,
      topicFilters: fc.array(topicFilter, { minLength, maxLength: 4 }),
      properties: propertiesIn(version, 'unsubscribe'),
    }),
    unsuback: fc.record({
      type: fc.constant('unsuback' as const),
      packetId,
      reasonCodes: isV5 ? reasonCodes('unsuback') : fc.constant([]),
      properties: propertiesIn(version, 'unsuback'),
    }),
    pingreq: fc.constant({ type: 'pingreq' }),
    pingresp: fc.constant({ type: 'pingresp' }),
    disconnect: fc.record({
      type: fc.constant('disconnect' as const),
      reasonCode: isV5 ? reasonCodeOf('disconnect') : fc.constant(ReasonCode.NormalDisconnection),
      properties: propertiesIn(version, 'disconnect'),
    }),
    ...(isV5
      ? {
          auth: fc.record({
            type: fc.constant('auth' as const),
            reasonCode: reasonCodeOf('auth'),
            properties: propertiesOf('auth'),
          }),
        }
      : undefined),
  };
}

/** Any packet of the version. */
export function anyPacket(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return fc.oneof(...Object.values(packetArbitraries(version)));
}
