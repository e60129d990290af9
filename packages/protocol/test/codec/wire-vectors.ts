/**
 * Packets and their bytes, version by version. `encoded` rows hold in both directions; `decoded` rows are other ways to
 * write the same packet, which are accepted but not written.
 */
import type { Packet, ProtocolVersion } from '@martlet/protocol';
import { NO_PROPERTIES, ReasonCode } from '@martlet/protocol';

export interface WireVector {
  readonly name: string;
  readonly versions: readonly ProtocolVersion[];
  readonly wire: string;
  readonly packet: Packet;
  readonly direction: 'both' | 'decode';
}

function encoded(
  name: string,
  versions: readonly ProtocolVersion[],
  wire: string,
  packet: Packet,
): WireVector {
  return { name, versions, wire, packet, direction: 'both' };
}

function decoded(
  name: string,
  versions: readonly ProtocolVersion[],
  wire: string,
  packet: Packet,
): WireVector {
  return { name, versions, wire, packet, direction: 'decode' };
}

const properties = NO_PROPERTIES;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const publish = {
  type: 'publish',
  topicName: 'a/b',
  payload: bytes(1, 2),
  qos: 0,
  retain: false,
  dup: false,
  packetId: 0,
  properties,
} as const satisfies Packet;

const connect = {
  type: 'connect',
  protocolVersion: 5,
  clientId: 'id',
  cleanStart: true,
  keepAlive: 60,
  properties,
} as const satisfies Packet;

const subscription = {
  topicFilter: 'a/#',
  qos: 1,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
} as const;

export const WIRE_VECTORS: readonly WireVector[] = [
  // CONNECT
  encoded('a CONNECT with nothing but a client identifier', [5], '10 ["MQTT" 05 02 003c [] "id"]', connect),
  encoded(
    '[MQTT-3.1.2-1] v5 [MQTT-3.1.2-1] v3.1.1 a CONNECT of 3.1.1 names MQTT and level 4',
    [4],
    '10 ["MQTT" 04 02 003c "id"]',
    {
      ...connect,
      protocolVersion: 4,
    },
  ),
  encoded('a CONNECT of 3.1 names MQIsdp and level 3', [3], '10 ["MQIsdp" 03 02 003c "id"]', {
    ...connect,
    protocolVersion: 3,
  }),
  encoded('a bridge of 3.1.1 sets the top bit of the level', [4], '10 ["MQTT" 84 02 003c "id"]', {
    ...connect,
    protocolVersion: 4,
    bridge: true,
  }),
  encoded('a bridge of 3.1 sets the top bit of the level', [3], '10 ["MQIsdp" 83 02 003c "id"]', {
    ...connect,
    protocolVersion: 3,
    bridge: true,
  }),
  encoded(
    '[MQTT-3.1.3-3] v5 an empty client identifier is still there',
    [5],
    '10 ["MQTT" 05 00 0000 [] ""]',
    {
      ...connect,
      clientId: '',
      cleanStart: false,
      keepAlive: 0,
    },
  ),
  encoded(
    '[MQTT-3.1.2-9] [MQTT-3.1.3-1] v5 a CONNECT with everything has its fields in order',
    [5],
    `10 ["MQTT" 05 ee ffff
      [11 00000e10 21 0014 27 00010000 22 000a 19 01 17 00 26 "a" "1" 26 "a" "2" 15 "SCRAM" 16 0003 010203]
      "id"
      [18 00000005 01 01 02 0000003c 03 "text/plain" 08 "re/ply" 09 0001 ff 26 "" ""] "w/t" 0002 dead
      "user" 0003 000102]`,
    {
      type: 'connect',
      protocolVersion: 5,
      clientId: 'id',
      cleanStart: true,
      keepAlive: 65_535,
      username: 'user',
      password: bytes(0, 1, 2),
      will: {
        topicName: 'w/t',
        payload: bytes(0xde, 0xad),
        qos: 1,
        retain: true,
        properties: {
          willDelayInterval: 5,
          payloadFormatIndicator: 1,
          messageExpiryInterval: 60,
          contentType: 'text/plain',
          responseTopic: 're/ply',
          correlationData: bytes(0xff),
          userProperties: [['', '']],
        },
      },
      properties: {
        sessionExpiryInterval: 3600,
        receiveMaximum: 20,
        maximumPacketSize: 65_536,
        topicAliasMaximum: 10,
        requestResponseInformation: true,
        requestProblemInformation: false,
        userProperties: [
          ['a', '1'],
          ['a', '2'],
        ],
        authenticationMethod: 'SCRAM',
        authenticationData: bytes(1, 2, 3),
      },
    },
  ),
  encoded(
    '[MQTT-3.1.3-1] [MQTT-3.1.2-9] [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.2-20] [MQTT-3.1.2-21] v3.1.1 a CONNECT with everything has its fields in order',
    [4],
    '10 ["MQTT" 04 f4 000a "id" "w/t" 0000 "user" 0000]',
    {
      ...connect,
      protocolVersion: 4,
      cleanStart: false,
      keepAlive: 10,
      username: 'user',
      password: bytes(),
      will: { topicName: 'w/t', payload: bytes(), qos: 2, retain: true, properties },
    },
  ),
  encoded('a CONNECT of 3.1 with everything', [3], '10 ["MQIsdp" 03 c6 000a "id" "w" 0001 07 "u" 0001 70]', {
    ...connect,
    protocolVersion: 3,
    keepAlive: 10,
    username: 'u',
    password: bytes(0x70),
    will: { topicName: 'w', payload: bytes(7), qos: 0, retain: false, properties },
  }),
  encoded(
    '[MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.2-18] v5 a user name without a password',
    [5],
    '10 ["MQTT" 05 82 003c [] "id" "u"]',
    { ...connect, username: 'u' },
  ),
  encoded(
    '[MQTT-3.1.2-16] [MQTT-3.1.2-18] [MQTT-3.1.2-19] v5 a password without a user name',
    [5],
    '10 ["MQTT" 05 42 003c [] "id" 0001 70]',
    { ...connect, password: bytes(0x70) },
  ),
  encoded(
    '[MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.2-20] v3.1.1 a user name without a password',
    [4],
    '10 ["MQTT" 04 82 003c "id" "u"]',
    { ...connect, protocolVersion: 4, username: 'u' },
  ),
  encoded(
    '[MQTT-1.5.4-3] v5 [MQTT-1.5.3-3] v3.1.1 a byte order mark at the front of a string stays a character',
    [3, 4, 5],
    '10 ["MQTT" 04 82 003c 0005 efbbbf6964 0003 efbbbf]',
    { ...connect, protocolVersion: 4, clientId: '\uFEFFid', username: '\uFEFF' },
  ),
  encoded(
    'strings of characters of one to four bytes',
    [5],
    '10 ["MQTT" 05 02 003c [] 000a 24c2a2e282acf0908d88]',
    { ...connect, clientId: '$¢€\u{10348}' },
  ),
  decoded(
    '3.1 defines no reserved flag and no will flags without a will',
    [3],
    '10 ["MQIsdp" 03 3b 003c "id"]',
    {
      ...connect,
      protocolVersion: 3,
    },
  ),
  decoded(
    '3.1 lets a CONNECT end before the user name that its flags announce',
    [3],
    '10 ["MQIsdp" 03 c2 003c "id"]',
    {
      ...connect,
      protocolVersion: 3,
    },
  ),
  decoded(
    '3.1 lets a CONNECT end before the password that its flags announce',
    [3],
    '10 ["MQIsdp" 03 c2 003c "id" "u"]',
    {
      ...connect,
      protocolVersion: 3,
      username: 'u',
    },
  ),
  encoded(
    '3.1 limits client identifiers to 23 characters, but the codec does not',
    [3],
    '10 ["MQIsdp" 03 02 003c "012345678901234567890123"]',
    {
      ...connect,
      protocolVersion: 3,
      clientId: '012345678901234567890123',
    },
  ),
  // CONNACK
  encoded('[MQTT-3.2.2-1] v5 a CONNACK that accepts', [5], '20 [00 00 []]', {
    type: 'connack',
    sessionPresent: false,
    reasonCode: ReasonCode.Success,
    properties,
  }),
  encoded(
    '[MQTT-3.2.2-1] v5 a CONNACK with everything, a session included',
    [5],
    `20 [01 00 [
      11 ffffffff 21 0001 24 01 25 00 27 00000001 12 "auto-1" 22 ffff 1f "welcome" 26 "k" "v" 28 00 29 01 2a 00
      13 0000 1a "resp/" 1c "other:1883" 15 "M" 16 0000]]`,
    {
      type: 'connack',
      sessionPresent: true,
      reasonCode: ReasonCode.Success,
      properties: {
        sessionExpiryInterval: 0xffff_ffff,
        receiveMaximum: 1,
        maximumQos: 1,
        retainAvailable: false,
        maximumPacketSize: 1,
        assignedClientIdentifier: 'auto-1',
        topicAliasMaximum: 65_535,
        reasonString: 'welcome',
        userProperties: [['k', 'v']],
        wildcardSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: true,
        sharedSubscriptionAvailable: false,
        serverKeepAlive: 0,
        responseInformation: 'resp/',
        serverReference: 'other:1883',
        authenticationMethod: 'M',
        authenticationData: bytes(),
      },
    },
  ),
  encoded('a CONNACK that refuses', [5], '20 [00 87 []]', {
    type: 'connack',
    sessionPresent: false,
    reasonCode: ReasonCode.NotAuthorized,
    properties,
  }),
  encoded('a CONNACK of 3.1.1 with a session', [4], '20 [01 00]', {
    type: 'connack',
    sessionPresent: true,
    reasonCode: ReasonCode.Success,
    properties,
  }),
  ...(
    [
      ['00', ReasonCode.Success],
      ['01', ReasonCode.UnsupportedProtocolVersion],
      ['02', ReasonCode.ClientIdentifierNotValid],
      ['03', ReasonCode.ServerUnavailable],
      ['04', ReasonCode.BadUserNameOrPassword],
      ['05', ReasonCode.NotAuthorized],
    ] as const
  ).map(([returnCode, reasonCode]) =>
    encoded(`a CONNACK with return code ${returnCode}`, [3, 4], `20 [00 ${returnCode}]`, {
      type: 'connack',
      sessionPresent: false,
      reasonCode,
      properties,
    }),
  ),
  decoded('the first byte of a CONNACK of 3.1 means nothing', [3], '20 [ff 00]', {
    type: 'connack',
    sessionPresent: false,
    reasonCode: ReasonCode.Success,
    properties,
  }),
  decoded('a server that knows only 3.1.1 refuses a client of 5.0 in its own form', [5], '20 [00 01]', {
    type: 'connack',
    sessionPresent: false,
    reasonCode: ReasonCode.UnsupportedProtocolVersion,
    properties,
  }),
  // PUBLISH
  encoded(
    '[MQTT-2.2.1-2] [MQTT-2.2.2-1] [MQTT-3.3.2-1] v5 a PUBLISH of QoS 0 has no packet identifier',
    [5],
    '30 ["a/b" [] 0102]',
    publish,
  ),
  encoded(
    '[MQTT-2.3.1-5] [MQTT-3.3.2-1] v3.1.1 a PUBLISH of QoS 0 has no packet identifier',
    [3, 4],
    '30 ["a/b" 0102]',
    publish,
  ),
  encoded('a PUBLISH of QoS 1, sent again', [3, 4], '3a ["a/b" 00ff 0102]', {
    ...publish,
    qos: 1,
    dup: true,
    packetId: 255,
  }),
  encoded('a retained PUBLISH of QoS 2 without payload', [3, 4], '35 ["a/b" ffff]', {
    ...publish,
    qos: 2,
    retain: true,
    packetId: 65_535,
    payload: bytes(),
  }),
  encoded(
    'a PUBLISH with every property a client may send',
    [5],
    `3d ["a/b" 0001
      [01 00 02 00000000 23 ffff 08 "r" 09 0000 26 "b" "2" 26 "a" "1" 26 "b" "3" 03 "json"] 0102]`,
    {
      ...publish,
      qos: 2,
      retain: true,
      dup: true,
      packetId: 1,
      properties: {
        payloadFormatIndicator: 0,
        messageExpiryInterval: 0,
        topicAlias: 65_535,
        responseTopic: 'r',
        correlationData: bytes(),
        userProperties: [
          ['b', '2'],
          ['a', '1'],
          ['b', '3'],
        ],
        contentType: 'json',
      },
    },
  ),
  encoded(
    '[MQTT-1.5.5-1] v5 a PUBLISH with several subscription identifiers',
    [5],
    '30 ["a/b" [0b 01 0b 8001 0b ffffff7f]]',
    {
      ...publish,
      payload: bytes(),
      properties: { subscriptionIdentifiers: [1, 128, 268_435_455] },
    },
  ),
  encoded('a PUBLISH whose topic is an alias', [5], '30 ["" [23 0001] 0102]', {
    ...publish,
    topicName: '',
    properties: { topicAlias: 1 },
  }),
  encoded('a Content Type may be any string', [5], '30 ["a/b" [03 "#"]]', {
    ...publish,
    payload: bytes(),
    properties: { contentType: '#' },
  }),
  encoded('an empty Content Type', [5], '30 ["a/b" [03 ""]]', {
    ...publish,
    payload: bytes(),
    properties: { contentType: '' },
  }),
  decoded(
    'user properties keep their order between other properties',
    [5],
    '30 ["a/b" [26 "b" "2" 03 "t" 26 "a" "1"] 0102]',
    {
      ...publish,
      properties: {
        userProperties: [
          ['b', '2'],
          ['a', '1'],
        ],
        contentType: 't',
      },
    },
  ),
  decoded('DUP means nothing with QoS 0 in 3.1', [3], '38 ["a/b" 0102]', publish),
  // PUBACK, PUBREC, PUBREL, PUBCOMP
  ...(
    [
      ['puback', '40'],
      ['pubrec', '50'],
      ['pubrel', '62'],
      ['pubcomp', '70'],
    ] as const
  ).flatMap(([type, first]) => {
    const packet = { type, packetId: 258, reasonCode: ReasonCode.Success, properties } as const;
    const reasonCode = type === 'puback' || type === 'pubrec' ? 0x97 : 0x92;
    const hex = reasonCode.toString(16);
    return [
      encoded(`${type} that says success`, [3, 4, 5], `${first} [0102]`, packet),
      decoded(`${type} that says success at length`, [5], `${first} [0102 00]`, packet),
      decoded(`${type} that says success and nothing else at length`, [5], `${first} [0102 00 []]`, packet),
      encoded(`${type} that says no`, [5], `${first} [0102 ${hex}]`, { ...packet, reasonCode }),
      encoded(`${type} with every property`, [5], `${first} [0102 ${hex} [1f "no" 26 "a" "b"]]`, {
        ...packet,
        reasonCode,
        properties: { reasonString: 'no', userProperties: [['a', 'b']] },
      }),
    ];
  }),
  decoded('3.1 sends PUBREL with any flags', [3], '68 [0102]', {
    type: 'pubrel',
    packetId: 258,
    reasonCode: ReasonCode.Success,
    properties,
  }),
  // SUBSCRIBE
  encoded(
    'a SUBSCRIBE with every option',
    [5],
    '82 [000a [0b 8001 26 "a" "b"] "a/#" 01 "b/+" 2e "$share/g/c" 1a]',
    {
      type: 'subscribe',
      packetId: 10,
      subscriptions: [
        subscription,
        { topicFilter: 'b/+', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { topicFilter: '$share/g/c', qos: 2, noLocal: false, retainAsPublished: true, retainHandling: 1 },
      ],
      properties: { subscriptionIdentifier: 128, userProperties: [['a', 'b']] },
    },
  ),
  encoded('[MQTT-2.2.2-1] v5 a SUBSCRIBE without properties', [5], '82 [000a [] "a/#" 01]', {
    type: 'subscribe',
    packetId: 10,
    subscriptions: [subscription],
    properties,
  }),
  encoded('a SUBSCRIBE of two filters', [3, 4], '82 [000a "a/#" 01 "b" 02]', {
    type: 'subscribe',
    packetId: 10,
    subscriptions: [subscription, { ...subscription, topicFilter: 'b', qos: 2 }],
    properties,
  }),
  encoded('3.1 allows a SUBSCRIBE without filters', [3], '82 [000a]', {
    type: 'subscribe',
    packetId: 10,
    subscriptions: [],
    properties,
  }),
  decoded(
    '3.1 defines neither the flags of SUBSCRIBE nor the upper bits of the requested QoS',
    [3],
    '8a [000a "a/#" f1]',
    {
      type: 'subscribe',
      packetId: 10,
      subscriptions: [subscription],
      properties,
    },
  ),
  // SUBACK
  encoded(
    'a SUBACK that grants and refuses',
    [5],
    '90 [000a [1f "some" 26 "a" "b"] 00 01 02 80 83 87 8f 91 97 9e a1 a2]',
    {
      type: 'suback',
      packetId: 10,
      reasonCodes: [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
      properties: { reasonString: 'some', userProperties: [['a', 'b']] },
    },
  ),
  encoded('a SUBACK of 3.1.1 that grants and refuses', [3, 4], '90 [000a 00 01 02 80]', {
    type: 'suback',
    packetId: 10,
    reasonCodes: [0, 1, 2, 0x80],
    properties,
  }),
  // UNSUBSCRIBE
  encoded('an UNSUBSCRIBE of two filters', [5], 'a2 [000a [26 "a" "b"] "a/#" "b"]', {
    type: 'unsubscribe',
    packetId: 10,
    topicFilters: ['a/#', 'b'],
    properties: { userProperties: [['a', 'b']] },
  }),
  encoded(
    '[MQTT-3.10.3-1] v3.1.1 an UNSUBSCRIBE has its filters one behind the other',
    [3, 4],
    'a2 [000a "a/#" "b"]',
    {
      type: 'unsubscribe',
      packetId: 10,
      topicFilters: ['a/#', 'b'],
      properties,
    },
  ),
  encoded('3.1 allows an UNSUBSCRIBE without filters', [3], 'a2 [000a]', {
    type: 'unsubscribe',
    packetId: 10,
    topicFilters: [],
    properties,
  }),
  // UNSUBACK
  encoded('an UNSUBACK with every reason code', [5], 'b0 [000a [1f "x" 26 "a" "b"] 00 11 80 83 87 8f 91]', {
    type: 'unsuback',
    packetId: 10,
    reasonCodes: [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
    properties: { reasonString: 'x', userProperties: [['a', 'b']] },
  }),
  encoded('an UNSUBACK of 3.1.1', [3, 4], 'b0 [000a]', {
    type: 'unsuback',
    packetId: 10,
    reasonCodes: [],
    properties,
  }),
  // PINGREQ, PINGRESP
  encoded('a PINGREQ', [3, 4, 5], 'c0 00', { type: 'pingreq' }),
  encoded('a PINGRESP', [3, 4, 5], 'd0 00', { type: 'pingresp' }),
  // DISCONNECT
  encoded('a normal DISCONNECT', [3, 4, 5], 'e0 00', {
    type: 'disconnect',
    reasonCode: ReasonCode.NormalDisconnection,
    properties,
  }),
  decoded('a normal DISCONNECT with its reason code', [5], 'e0 [00]', {
    type: 'disconnect',
    reasonCode: ReasonCode.NormalDisconnection,
    properties,
  }),
  decoded('a normal DISCONNECT with everything and nothing in it', [5], 'e0 [00 []]', {
    type: 'disconnect',
    reasonCode: ReasonCode.NormalDisconnection,
    properties,
  }),
  encoded('a DISCONNECT with a reason', [5], 'e0 [8e]', {
    type: 'disconnect',
    reasonCode: ReasonCode.SessionTakenOver,
    properties,
  }),
  encoded('a normal DISCONNECT with a property', [5], 'e0 [00 [1f "bye"]]', {
    type: 'disconnect',
    reasonCode: ReasonCode.NormalDisconnection,
    properties: { reasonString: 'bye' },
  }),
  encoded('a DISCONNECT with every property', [5], 'e0 [04 [11 00000001 1f "bye" 26 "a" "b" 1c "s"]]', {
    type: 'disconnect',
    reasonCode: ReasonCode.DisconnectWithWillMessage,
    properties: {
      sessionExpiryInterval: 1,
      reasonString: 'bye',
      userProperties: [['a', 'b']],
      serverReference: 's',
    },
  }),
  // AUTH
  encoded('an AUTH with nothing to say', [5], 'f0 00', {
    type: 'auth',
    reasonCode: ReasonCode.Success,
    properties,
  }),
  decoded('an AUTH with nothing to say, at length', [5], 'f0 [00 []]', {
    type: 'auth',
    reasonCode: ReasonCode.Success,
    properties,
  }),
  encoded('an AUTH with a reason alone', [5], 'f0 [19 []]', {
    type: 'auth',
    reasonCode: ReasonCode.ReAuthenticate,
    properties,
  }),
  encoded('an AUTH of success with its method', [5], 'f0 [00 [15 "M"]]', {
    type: 'auth',
    reasonCode: ReasonCode.Success,
    properties: { authenticationMethod: 'M' },
  }),
  encoded('an AUTH with every property', [5], 'f0 [18 [15 "M" 16 0001 00 1f "more" 26 "a" "b"]]', {
    type: 'auth',
    reasonCode: ReasonCode.ContinueAuthentication,
    properties: {
      authenticationMethod: 'M',
      authenticationData: bytes(0),
      reasonString: 'more',
      userProperties: [['a', 'b']],
    },
  }),
];
