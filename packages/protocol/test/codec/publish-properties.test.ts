import type { PublishPacket, PublishProperties, PublishPropertyScan } from '@martlet/protocol';
import {
  createPublishPropertyScan,
  decodeForwardableProperties,
  encodeForwardableProperties,
  encodePacket,
  NO_PROPERTIES,
  ProtocolVersion,
  RemoteError,
  readVariableByteInteger,
  scanPublishProperties,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { propertiesOf } from './arbitraries.ts';
import { decodeWhole } from './decode-whole.ts';
import { hexOf, wire } from './wire-notation.ts';

/** The properties of a PUBLISH alone, without their length. */
function listOf(notation: string): Uint8Array {
  const section = wire(`[${notation}]`);
  return section.subarray(section.length < 129 ? 1 : 2);
}

function scan(list: Uint8Array): PublishPropertyScan {
  const found = createPublishPropertyScan();
  scanPublishProperties(list, 0, list.length, found);
  return found;
}

function forwardOf(list: Uint8Array, found: PublishPropertyScan): Uint8Array {
  return found.forwardBytes ?? list.subarray(found.forwardStart, found.forwardEnd);
}

/** The whole PUBLISH around a list of properties, for the decoder. */
function publishWith(list: Uint8Array): Uint8Array {
  const lengthBytes = (length: number): Uint8Array => {
    const bytes = new Uint8Array(variableByteIntegerLength(length));
    writeVariableByteInteger(length, bytes, 0);
    return bytes;
  };
  const body = Uint8Array.of(0, 1, 0x74, ...lengthBytes(list.length), ...list);
  return Uint8Array.of(0x30, ...lengthBytes(body.length), ...body);
}

/** The properties as the encoder writes them into a PUBLISH, without their length. */
function encodedList(properties: PublishProperties): Uint8Array {
  const packet = decodeWhole(wire('30 ["t" []]'), ProtocolVersion.V5) as PublishPacket;
  const bytes = encodePacket({ ...packet, properties }, ProtocolVersion.V5);
  const body = 1 + variableByteIntegerLength(readVariableByteInteger(bytes, 1, bytes.length));
  const at = body + 3; // behind the Topic Name
  return bytes.subarray(at + variableByteIntegerLength(readVariableByteInteger(bytes, at, bytes.length)));
}

function decoded(list: Uint8Array): PublishProperties {
  return (decodeWhole(publishWith(list), ProtocolVersion.V5) as PublishPacket).properties;
}

function outcome(action: () => unknown): string {
  try {
    action();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return `${error.name} 0x${error.reasonCode.toString(16)}`;
  }
}

function forwardable(properties: PublishProperties): PublishProperties {
  const { topicAlias, messageExpiryInterval, subscriptionIdentifiers, ...rest } = properties;
  return rest;
}

describe('what concerns the connection is picked out, and the rest is one range', () => {
  const rows: readonly (readonly [string, string, Partial<PublishPropertyScan>, string])[] = [
    ['nothing', '', {}, ''],
    ['an alias alone', '23 0102', { topicAlias: 258 }, ''],
    ['an expiry interval of 0 alone', '02 00000000', { messageExpiryInterval: 0 }, ''],
    ['the longest expiry interval', '02 ffffffff', { messageExpiryInterval: 0xffff_ffff }, ''],
    ['a subscription identifier', '0b 8001', { hasSubscriptionIdentifier: true }, ''],
    ['an alias in front', '23 0001 03 "t" 26 "a" "b"', { topicAlias: 1 }, '03 "t" 26 "a" "b"'],
    ['an alias behind', '26 "a" "b" 09 0000 23 0001', { topicAlias: 1 }, '26 "a" "b" 09 0000'],
    ['both around', '02 00000001 01 01 23 0001', { topicAlias: 1, messageExpiryInterval: 1 }, '01 01'],
  ];
  for (const [name, notation, found, forward] of rows) {
    test(name, () => {
      const list = listOf(notation);
      const actual = scan(list);
      const { topicAlias, messageExpiryInterval, hasSubscriptionIdentifier } = {
        ...createPublishPropertyScan(),
        ...found,
      };
      expect(actual).toMatchObject({ topicAlias, messageExpiryInterval, hasSubscriptionIdentifier });
      expect(actual.forwardBytes).toBeUndefined();
      expect(hexOf(forwardOf(list, actual))).toBe(hexOf(listOf(forward)));
    });
  }

  test('in the middle, the rest is gathered', () => {
    const actual = scan(listOf('26 "a" "1" 23 0007 26 "b" "2" 02 0000000a 0b 01 26 "a" "3"'));
    expect(actual).toMatchObject({
      topicAlias: 7,
      messageExpiryInterval: 10,
      hasSubscriptionIdentifier: true,
    });
    expect(hexOf(actual.forwardBytes!)).toBe(hexOf(listOf('26 "a" "1" 26 "b" "2" 26 "a" "3"')));
  });

  test('only the bytes between start and end count, and nothing is left of the scan before', () => {
    const list = listOf('23 0001 26 "a" "b" 02 00000001 26 "c" "d" 0b 01');
    const found = scan(list);
    const padded = Uint8Array.of(0xff, 0xff, ...listOf('03 "x"'), 0xff);
    scanPublishProperties(padded, 2, padded.length - 1, found);
    expect(found).toEqual({ ...createPublishPropertyScan(), forwardStart: 2, forwardEnd: 6 });
  });
});

test('[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] v5 what is forwarded is what came, in order', () => {
  fc.assert(
    fc.property(propertiesOf<PublishProperties>('publish'), (properties) => {
      const list = encodedList(properties);
      const found = scan(list);
      expect(found.topicAlias).toBe(properties.topicAlias ?? 0);
      expect(found.messageExpiryInterval).toBe(properties.messageExpiryInterval ?? -1);
      expect(found.hasSubscriptionIdentifier).toBe(properties.subscriptionIdentifiers !== undefined);
      expect(decodeForwardableProperties(forwardOf(list, found))).toEqual(forwardable(properties));
      expect(hexOf(encodeForwardableProperties(properties))).toBe(hexOf(forwardOf(list, found)));
    }),
    { numRuns: 2000 },
  );
});

test('no properties to forward are none', () => {
  expect(decodeForwardableProperties(new Uint8Array())).toBe(NO_PROPERTIES);
  expect(encodeForwardableProperties({ topicAlias: 1, subscriptionIdentifiers: [1] })).toEqual(
    new Uint8Array(),
  );
});

describe('the scan refuses', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['[MQTT-3.3.2-8] v5 Topic Alias 0', '23 0000', 'ProtocolError 0x94'],
    ['[MQTT-3.3.2-13] v5 a Response Topic that is not UTF-8', '08 0001 ff', 'MalformedPacketError 0x81'],
    ['[MQTT-3.3.2-14] v5 a Response Topic with a wildcard', '08 "a/+"', 'ProtocolError 0x82'],
    ['[MQTT-3.3.2-19] v5 a Content Type that is not UTF-8', '03 0001 ff', 'MalformedPacketError 0x81'],
    [
      '[MQTT-1.5.7-1] v5 a User Property whose name is not UTF-8',
      '26 0001 ff "v"',
      'MalformedPacketError 0x81',
    ],
    [
      '[MQTT-1.5.7-1] v5 a User Property whose value is not UTF-8',
      '26 "n" 0001 ff',
      'MalformedPacketError 0x81',
    ],
    ['[MQTT-1.5.5-1] v5 a Subscription Identifier that is too long', '0b 8000', 'MalformedPacketError 0x81'],
  ];
  test.each(rows)('%s', (_name, notation, expected) => {
    expect(outcome(() => scan(listOf(notation)))).toBe(expected);
  });
});

describe('the scan accepts and refuses what the decoder does', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...[
        '01 00',
        '01 01',
        '01 02',
        '02 00000001',
        '03 "t"',
        '03 0001 ff',
        '03 0001 00',
        '08 "r"',
        '08 "r/+"',
        '08 ""',
      ],
      ...[
        '08 0001 c0',
        '09 0001 00',
        '09 ""',
        '0b 01',
        '0b 00',
        '0b 8000',
        '0b 8001',
        '0b ffffff7f',
        '0b 80',
        '23 0000',
      ],
      ...[
        '23 0001',
        '23 00',
        '26 "a" "b"',
        '26 "a"',
        '26 0001 ff "b"',
        '26 "a" 0001 ff',
        '00',
        '11 00000001',
        '1f "x"',
      ],
      ...['8101', '8100', 'a600', 'ff'],
    ),
    fc.uint8Array({ minLength: 1, maxLength: 3 }).map(hexOf),
  );

  test('for lists of good and bad properties', () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
        const list = listOf(pieces.join(' '));
        const byScan = outcome(() => scan(list));
        outcomes.add(byScan);
        return byScan === outcome(() => decoded(list));
      }),
      { numRuns: 20_000 },
    );
    expect([...outcomes].sort()).toEqual([
      'MalformedPacketError 0x81',
      'ProtocolError 0x82',
      'ProtocolError 0x94',
      'accepted',
    ]);
  });

  test('for good properties with a byte changed or cut off', () => {
    const change = fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }), cut: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(propertiesOf<PublishProperties>('publish'), change, (properties, { at, value, cut }) => {
        const list = encodeForwardableProperties(properties);
        if (list.length > 0) list[at % list.length] = value;
        const changed = list.subarray(0, Math.max(list.length - cut, 0));
        return outcome(() => scan(changed)) === outcome(() => decoded(changed));
      }),
      { numRuns: 10_000 },
    );
  });
});
