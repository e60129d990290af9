import type { AnswerPacket } from '@martlet/protocol';
import { encodePacket, fitPacket, ProtocolVersion, packetLength } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';

const properties = { reasonString: 'because', userProperties: [['k', 'v']] } as const;
const REASON_STRING_BYTES = 3 + 'because'.length;

const PACKETS: readonly (readonly [string, AnswerPacket])[] = [
  [
    '[MQTT-3.2.2-19] [MQTT-3.2.2-20] v5 CONNACK',
    { type: 'connack', sessionPresent: false, reasonCode: 0x87, properties },
  ],
  ['[MQTT-3.4.2-2] [MQTT-3.4.2-3] v5 PUBACK', { type: 'puback', packetId: 1, reasonCode: 0x87, properties }],
  ['[MQTT-3.5.2-2] [MQTT-3.5.2-3] v5 PUBREC', { type: 'pubrec', packetId: 1, reasonCode: 0x87, properties }],
  ['[MQTT-3.6.2-2] [MQTT-3.6.2-3] v5 PUBREL', { type: 'pubrel', packetId: 1, reasonCode: 0x92, properties }],
  [
    '[MQTT-3.7.2-2] [MQTT-3.7.2-3] v5 PUBCOMP',
    { type: 'pubcomp', packetId: 1, reasonCode: 0x92, properties },
  ],
  [
    '[MQTT-3.9.2-1] [MQTT-3.9.2-2] v5 SUBACK',
    { type: 'suback', packetId: 1, reasonCodes: [0x87], properties },
  ],
  [
    '[MQTT-3.11.2-1] [MQTT-3.11.2-2] v5 UNSUBACK',
    { type: 'unsuback', packetId: 1, reasonCodes: [0x87], properties },
  ],
  ['[MQTT-3.14.2-3] [MQTT-3.14.2-4] v5 DISCONNECT', { type: 'disconnect', reasonCode: 0x87, properties }],
  ['[MQTT-3.15.2-2] [MQTT-3.15.2-3] v5 AUTH', { type: 'auth', reasonCode: 0x18, properties }],
];

for (const [name, packet] of PACKETS) {
  describe(`${name} says no more about itself than the receiver has room for`, () => {
    const whole = packetLength(packet, ProtocolVersion.V5);
    const withReasonString = packetLength(
      { ...packet, properties: { reasonString: 'because' } } as AnswerPacket,
      ProtocolVersion.V5,
    );
    const withUserProperties = packetLength(
      { ...packet, properties: { userProperties: [['k', 'v']] } } as AnswerPacket,
      ProtocolVersion.V5,
    );
    const bare = packetLength({ ...packet, properties: {} } as AnswerPacket, ProtocolVersion.V5);

    test.each([
      [whole, ['reasonString', 'userProperties']],
      [whole - 1, ['reasonString']],
      [withReasonString, ['reasonString']],
      [withReasonString - 1, ['userProperties']],
      [withUserProperties, ['userProperties']],
      [withUserProperties - 1, []],
      [bare, []],
    ])('in %i bytes', (maximumPacketSize, kept) => {
      const fitted = fitPacket(packet, ProtocolVersion.V5, maximumPacketSize);
      expect(Object.keys(fitted?.properties ?? { missing: true })).toEqual(kept);
      expect(encodePacket(fitted!, ProtocolVersion.V5).length).toBeLessThanOrEqual(maximumPacketSize);
    });

    test('in one byte less than it takes without them it is not sent', () => {
      expect(fitPacket(packet, ProtocolVersion.V5, bare - 1)).toBeUndefined();
    });
  });
}

test('what is no explanation is never left out', () => {
  const connack = {
    type: 'connack',
    sessionPresent: false,
    reasonCode: 0,
    properties: { receiveMaximum: 10, reasonString: 'because', assignedClientIdentifier: 'c' },
  } as const;
  const whole = packetLength(connack, ProtocolVersion.V5);
  expect(fitPacket(connack, ProtocolVersion.V5, whole)).toBe(connack);
  expect(fitPacket(connack, ProtocolVersion.V5, whole - 1)?.properties).toEqual({
    receiveMaximum: 10,
    assignedClientIdentifier: 'c',
  });
  expect(fitPacket(connack, ProtocolVersion.V5, whole - REASON_STRING_BYTES - 1)).toBeUndefined();
});

test('before MQTT 5.0 there is nothing to leave out', () => {
  const puback = { type: 'puback', packetId: 1, reasonCode: 0, properties } as const;
  expect(fitPacket(puback, ProtocolVersion.V311, 4)).toBe(puback);
  expect(fitPacket(puback, ProtocolVersion.V311, 3)).toBeUndefined();
});
