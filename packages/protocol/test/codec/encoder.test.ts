import type { ConnectPacket, Packet, PublishPacket } from '@martlet/protocol';
import {
  encodePacket,
  encodePacketInto,
  NO_PROPERTIES,
  ProtocolVersion,
  packetLength,
} from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { hexOf } from './wire-notation.ts';

const properties = NO_PROPERTIES;
const { V31, V311, V5 } = ProtocolVersion;

const publish: PublishPacket = {
  type: 'publish',
  topicName: 't',
  payload: new Uint8Array(),
  qos: 1,
  retain: false,
  dup: false,
  packetId: 1,
  properties,
};

const connect: ConnectPacket = {
  type: 'connect',
  protocolVersion: 5,
  clientId: 'c',
  cleanStart: true,
  keepAlive: 0,
  properties,
};

const will = { topicName: 'w', payload: new Uint8Array(), qos: 0, retain: false, properties } as const;
const subscription = {
  topicFilter: 't',
  qos: 0,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
} as const;
const subscribe = { type: 'subscribe', packetId: 1, subscriptions: [subscription], properties } as const;

/** As a caller without types would write it. */
const untyped = (packet: object): Packet => packet as Packet;

const REFUSED: readonly (readonly [string, readonly ProtocolVersion[], Packet])[] = [
  [
    '[MQTT-2.2.1-3] [MQTT-2.2.1-4] v5 [MQTT-2.3.1-1] v3.1.1 packet identifier 0',
    [3, 4, 5],
    { ...publish, packetId: 0 },
  ],
  ['a packet identifier of more than two bytes', [3, 4, 5], { ...publish, packetId: 65_536 }],
  ['a packet identifier that is no integer', [3, 4, 5], { ...publish, packetId: 1.5 }],
  [
    '[MQTT-2.2.1-2] v5 [MQTT-2.3.1-5] v3.1.1 a packet identifier with QoS 0',
    [3, 4, 5],
    { ...publish, qos: 0 },
  ],
  [
    '[MQTT-3.3.1-2] v5 [MQTT-3.3.1-2] v3.1.1 DUP with QoS 0',
    [3, 4, 5],
    { ...publish, qos: 0, packetId: 0, dup: true },
  ],
  ['[MQTT-3.3.1-4] v5 [MQTT-3.3.1-4] v3.1.1 QoS 3', [3, 4, 5], untyped({ ...publish, qos: 3 })],
  [
    '[MQTT-3.3.2-2] v5 [MQTT-3.3.2-2] v3.1.1 a Topic Name with +',
    [3, 4, 5],
    { ...publish, topicName: 'a/+' },
  ],
  ['[MQTT-4.7.0-1] v5 [MQTT-4.7.1-1] v3.1.1 a Topic Name with #', [3, 4, 5], { ...publish, topicName: '#' }],
  ['[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 an empty Topic Name', [3, 4, 5], { ...publish, topicName: '' }],
  [
    'an empty Topic Name with an alias that the version does not have',
    [3, 4],
    { ...publish, topicName: '', properties: { topicAlias: 1 } },
  ],
  [
    '[MQTT-4.7.3-2] v5 [MQTT-4.7.3-2] v3.1.1 U+0000 in a Topic Name',
    [3, 4, 5],
    { ...publish, topicName: 'a\0' },
  ],
  [
    '[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 half of a surrogate pair',
    [5],
    { ...connect, clientId: '\ud800' },
  ],
  [
    '[MQTT-1.5.4-2] v5 [MQTT-1.5.3-2] v3.1.1 U+0000 in a Client Identifier',
    [5],
    { ...connect, clientId: '\0' },
  ],
  [
    '[MQTT-4.7.3-3] v5 [MQTT-4.7.3-3] v3.1.1 a Topic Name of 65,536 bytes',
    [3, 4, 5],
    { ...publish, topicName: 'é'.repeat(32_768) },
  ],
  [
    '[MQTT-4.7.3-3] v5 [MQTT-4.7.3-3] v3.1.1 a Topic Filter of 65,536 bytes',
    [3, 4, 5],
    { ...subscribe, subscriptions: [{ ...subscription, topicFilter: 'x'.repeat(65_536) }] },
  ],
  ['a Topic Name that is no string', [3, 4, 5], untyped({ ...publish, topicName: 7 })],
  ['a payload that is no bytes', [3, 4, 5], untyped({ ...publish, payload: 'text' })],
  ['[MQTT-3.3.2-8] v5 Topic Alias 0', [5], { ...publish, properties: { topicAlias: 0 } }],
  [
    '[MQTT-3.3.2-14] v5 a Response Topic with a wildcard',
    [5],
    { ...publish, properties: { responseTopic: '+' } },
  ],
  [
    '[MQTT-3.3.2-2] v5 a wildcard with an alias',
    [5],
    { ...publish, topicName: '#', properties: { topicAlias: 1 } },
  ],
  ['Subscription Identifier 0', [5], { ...publish, properties: { subscriptionIdentifiers: [0] } }],
  [
    'a Subscription Identifier of more than four bytes',
    [5],
    { ...publish, properties: { subscriptionIdentifiers: [268_435_456] } },
  ],
  ['an expiry interval below 0', [5], { ...publish, properties: { messageExpiryInterval: -1 } }],
  ['a property that PUBLISH does not have', [5], untyped({ ...publish, properties: { receiveMaximum: 1 } })],
  ['a Boolean that is a number', [5], untyped({ ...connect, properties: { requestProblemInformation: 1 } })],
  [
    'a Payload Format Indicator of 2',
    [5],
    untyped({ ...publish, properties: { payloadFormatIndicator: 2 } }),
  ],
  ['Receive Maximum 0', [5], { ...connect, properties: { receiveMaximum: 0 } }],
  ['Maximum Packet Size 0', [5], { ...connect, properties: { maximumPacketSize: 0 } }],
  [
    '[MQTT-1.5.7-1] v5 U+0000 in a User Property',
    [5],
    { ...publish, properties: { userProperties: [['a', '\0']] } },
  ],
  [
    'authentication data without a method',
    [5],
    { ...connect, properties: { authenticationData: new Uint8Array() } },
  ],
  [
    'correlation data of 65,536 bytes',
    [5],
    { ...publish, properties: { correlationData: new Uint8Array(65_536) } },
  ],
  ['a keep alive of more than two bytes', [5], { ...connect, keepAlive: 65_536 }],
  ['an unknown protocol version', [5], untyped({ ...connect, protocolVersion: 6 })],
  ['a bridge of 5.0', [5], { ...connect, bridge: true }],
  [
    '[MQTT-3.1.2-22] v3.1.1 a password without a user name',
    [4],
    { ...connect, protocolVersion: 4, password: new Uint8Array() },
  ],
  [
    '[MQTT-3.1.2-12] v5 [MQTT-3.1.2-14] v3.1.1 Will QoS 3',
    [5],
    untyped({ ...connect, will: { ...will, qos: 3 } }),
  ],
  ['a Will Topic with a wildcard', [5], { ...connect, will: { ...will, topicName: '#' } }],
  ['a will of 65,536 bytes', [5], { ...connect, will: { ...will, payload: new Uint8Array(65_536) } }],
  [
    '[MQTT-3.2.2-6] v5 [MQTT-3.2.2-4] v3.1.1 Session Present in a refusal',
    [3, 4, 5],
    { type: 'connack', sessionPresent: true, reasonCode: 0x87, properties },
  ],
  [
    '[MQTT-3.2.2-8] v5 a reason code that CONNACK does not have',
    [3, 4, 5],
    { type: 'connack', sessionPresent: false, reasonCode: 0x8e, properties },
  ],
  [
    '[MQTT-3.2.2-6] v3.1.1 a reason code that no return code stands for',
    [3, 4],
    { type: 'connack', sessionPresent: false, reasonCode: 0x82, properties },
  ],
  [
    '[MQTT-3.4.2-1] v5 a reason code that PUBACK does not have',
    [5],
    { type: 'puback', packetId: 1, reasonCode: 0x92, properties },
  ],
  [
    '[MQTT-3.5.2-1] v5 a reason code that PUBREC does not have',
    [5],
    { type: 'pubrec', packetId: 1, reasonCode: 0x92, properties },
  ],
  [
    '[MQTT-3.6.2-1] v5 a reason code that PUBREL does not have',
    [5],
    { type: 'pubrel', packetId: 1, reasonCode: 0x80, properties },
  ],
  [
    '[MQTT-3.7.2-1] v5 a reason code that PUBCOMP does not have',
    [5],
    { type: 'pubcomp', packetId: 1, reasonCode: 0x80, properties },
  ],
  [
    '[MQTT-3.9.3-2] v5 a reason code that SUBACK does not have',
    [5],
    { type: 'suback', packetId: 1, reasonCodes: [0x04], properties },
  ],
  [
    '[MQTT-3.11.3-2] v5 a reason code that UNSUBACK does not have',
    [5],
    { type: 'unsuback', packetId: 1, reasonCodes: [0x01], properties },
  ],
  [
    '[MQTT-3.14.2-1] v5 a reason code that DISCONNECT does not have',
    [5],
    { type: 'disconnect', reasonCode: 0x01, properties },
  ],
  [
    '[MQTT-3.15.2-1] v5 a reason code that AUTH does not have',
    [5],
    { type: 'auth', reasonCode: 0x87, properties },
  ],
  ['AUTH before 5.0', [3, 4], { type: 'auth', reasonCode: 0, properties }],
  ['a DISCONNECT with a reason before 5.0', [3, 4], { type: 'disconnect', reasonCode: 0x04, properties }],
  [
    '[MQTT-3.8.3-2] v5 [MQTT-3.8.3-3] v3.1.1 a SUBSCRIBE without Topic Filter',
    [4, 5],
    { ...subscribe, subscriptions: [] },
  ],
  [
    '[MQTT-3.10.3-2] v5 [MQTT-3.10.3-2] v3.1.1 an UNSUBSCRIBE without Topic Filter',
    [4, 5],
    { type: 'unsubscribe', packetId: 1, topicFilters: [], properties },
  ],
  [
    '[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 an empty Topic Filter',
    [3, 4, 5],
    { type: 'unsubscribe', packetId: 1, topicFilters: [''], properties },
  ],
  [
    'a requested QoS of 3',
    [3, 4, 5],
    untyped({ ...subscribe, subscriptions: [{ ...subscription, qos: 3 }] }),
  ],
  [
    'Retain Handling 3',
    [5],
    untyped({ ...subscribe, subscriptions: [{ ...subscription, retainHandling: 3 }] }),
  ],
  [
    '[MQTT-3.8.3-4] v5 No Local for a Shared Subscription',
    [5],
    { ...subscribe, subscriptions: [{ ...subscription, topicFilter: '$share/g/t', noLocal: true }] },
  ],
];

describe('what a version forbids is the mistake of the caller, and no byte is written', () => {
  for (const [name, versions, packet] of REFUSED) {
    for (const version of versions) {
      test(`protocol level ${version}: ${name}`, () => {
        const room = new Uint8Array(200_000);
        expect(() => packetLength(packet, version)).toThrow(/^expected|^topicName|^responseTopic|^will/);
        expect(() => encodePacketInto(packet, version, room, 0)).toThrow();
        expect(room.every((byte) => byte === 0)).toBe(true);
        try {
          encodePacket(packet, version);
        } catch (error) {
          expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
        }
      });
    }
  }
});

describe('what an older version cannot say is left out', () => {
  const explained = { reasonString: 'why', userProperties: [['a', 'b']] } as const;
  const rows: readonly (readonly [string, Packet, string])[] = [
    [
      'properties of CONNACK',
      { type: 'connack', sessionPresent: false, reasonCode: 0, properties: explained },
      '20 02 00 00',
    ],
    [
      'properties of PUBLISH',
      { ...publish, properties: { contentType: 'x', topicAlias: 1 } },
      '32 05 00 01 74 00 01',
    ],
    [
      'the reason of PUBACK',
      { type: 'puback', packetId: 1, reasonCode: 0x87, properties: explained },
      '40 02 00 01',
    ],
    [
      'the reason of PUBREC',
      { type: 'pubrec', packetId: 1, reasonCode: 0x97, properties: explained },
      '50 02 00 01',
    ],
    [
      'subscription options but the QoS',
      {
        ...subscribe,
        subscriptions: [
          { ...subscription, qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        ],
        properties: { subscriptionIdentifier: 1 },
      },
      '82 06 00 01 00 01 74 02',
    ],
    [
      'reason codes of UNSUBACK',
      { type: 'unsuback', packetId: 1, reasonCodes: [0x11], properties: explained },
      'b0 02 00 01',
    ],
    ['properties of DISCONNECT', { type: 'disconnect', reasonCode: 0, properties: explained }, 'e0 00'],
  ];
  for (const version of [V31, V311]) {
    test.each(rows)(`protocol level ${version}: %s`, (_name, packet, hex) => {
      expect(hexOf(encodePacket(packet, version))).toBe(hex);
      const room = new Uint8Array(64);
      const end = encodePacketInto(packet, version, room, 0);
      expect(room.subarray(end).every((byte) => byte === 0)).toBe(true);
    });
  }

  test('[MQTT-3.9.3-2] v3.1.1 every refusal of SUBACK is the one return code 0x80', () => {
    const suback = {
      type: 'suback',
      packetId: 1,
      reasonCodes: [0, 1, 2, 0x80, 0x87, 0x8f, 0xa2],
      properties,
    } as const;
    expect(hexOf(encodePacket(suback, V311))).toBe('90 09 00 01 00 01 02 80 80 80 80');
  });

  test('every reason code of CONNACK that has a return code becomes it', () => {
    const answer = (reasonCode: 0x84 | 0x8a | 0x89): string =>
      hexOf(encodePacket({ type: 'connack', sessionPresent: false, reasonCode, properties }, V311));
    expect([answer(0x84), answer(0x8a), answer(0x89)]).toEqual(['20 02 00 01', '20 02 00 05', '20 02 00 03']);
  });

  test('3.1 has no Session Present', () => {
    const connack = { type: 'connack', sessionPresent: true, reasonCode: 0, properties } as const;
    expect(hexOf(encodePacket(connack, V31))).toBe('20 02 00 00');
    expect(hexOf(encodePacket(connack, V311))).toBe('20 02 01 00');
  });
});

test('CONNECT is written in its own version, whatever the connection', () => {
  expect(encodePacket({ ...connect, protocolVersion: V311 }, V5)[8]).toBe(4);
});

test('properties are written in the order of their fields, and those that are undefined not at all', () => {
  const packet = untyped({
    ...publish,
    properties: { contentType: 'b', messageExpiryInterval: undefined, topicAlias: 1 },
  });
  expect(hexOf(encodePacket(packet, V5).subarray(7))).toBe('07 03 00 01 62 23 00 01');
});

test('the Remaining Length takes one to four bytes, as its value needs', () => {
  const header = (remainingLength: number): string => {
    const packet = { ...publish, payload: new Uint8Array(remainingLength - 5) };
    const bytes = encodePacket(packet, V311);
    expect(bytes.length).toBe(packetLength(packet, V311));
    return hexOf(bytes.subarray(0, bytes.length - remainingLength));
  };
  expect([127, 128, 16_383, 16_384, 2_097_151, 2_097_152].map(header)).toEqual([
    '32 7f',
    '32 80 01',
    '32 ff 7f',
    '32 80 80 01',
    '32 ff ff 7f',
    '32 80 80 80 01',
  ]);
});

test('a packet of more than 268,435,455 bytes cannot be written', () => {
  const limit = 268_435_455 - 5;
  // Its length is all that is asked, so that no such memory is needed.
  const payloadOf = (length: number): Uint8Array =>
    Object.create(Uint8Array.prototype, { length: { value: length } });
  expect(packetLength({ ...publish, payload: payloadOf(limit) }, V311)).toBe(268_435_455 + 5);
  expect(() => packetLength({ ...publish, payload: payloadOf(limit + 1) }, V311)).toThrow(RangeError);
});
