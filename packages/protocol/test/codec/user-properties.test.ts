// User Properties may be very many, and whoever sends them need not be anybody's friend.

import { Buffer } from 'node:buffer';
import type { ConnackPacket, ConnackProperties, PublishProperties, UserProperty } from '@martlet/protocol';
import {
  EAGER_PROPERTY_BYTES,
  encodeForwardableProperties,
  encodePacket,
  MalformedPacketError,
  ProtocolVersion,
  readPublishProperties,
} from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { decodeWhole } from './decode-whole.ts';

/** Of five bytes each. */
const empty = (count: number): UserProperty[] => Array.from({ length: count }, () => ['', '']);

const read = (bytes: Uint8Array): PublishProperties => readPublishProperties(bytes, 0, bytes.length);

const isDecoded = (properties: PublishProperties): boolean =>
  Object.getOwnPropertyDescriptor(properties, 'userProperties')!.get === undefined;

/** As a list of properties in which others stand between and around them. */
const MIXED: PublishProperties = {
  contentType: 'text/plain',
  userProperties: [
    ['name', 'größe'],
    ['', ''],
    ['long', 'x'.repeat(EAGER_PROPERTY_BYTES)],
  ],
  correlationData: new Uint8Array([1, 2, 3]),
};

describe('User Properties in a section', () => {
  const atMost = Math.floor(EAGER_PROPERTY_BYTES / 5);

  test('of at most 256 bytes are decoded with all others, and in a longer one when they are asked for', () => {
    for (const [count, expected] of [
      [atMost, true],
      [atMost + 1, false],
    ] as const) {
      const properties = read(encodeForwardableProperties({ userProperties: empty(count) }));
      expect(isDecoded(properties)).toBe(expected);
      expect(properties).toEqual({ userProperties: empty(count) });
    }
  });

  test('are decoded once, and from bytes of their own', () => {
    const bytes = Buffer.from(encodeForwardableProperties({ userProperties: empty(1000) }));
    const properties = readPublishProperties(bytes, 0, bytes.length);
    bytes.fill(0xff);
    const { userProperties } = properties;
    expect(userProperties).toHaveLength(1000);
    expect(properties.userProperties).toBe(userProperties);
  });

  test('of 1 MiB take one array of bytes until they are asked for', () => {
    const count = Math.floor(1_048_576 / 5);
    const properties = read(encodeForwardableProperties({ userProperties: empty(count) }));
    expect(isDecoded(properties)).toBe(false);
    expect(properties.userProperties).toHaveLength(count);
    expect(isDecoded(properties)).toBe(false);
  });

  test('keep their place among the others, and are found wherever they stand', () => {
    const list = encodeForwardableProperties(MIXED);
    const more = encodeForwardableProperties({ userProperties: [['last', '']] });
    const properties = read(new Uint8Array([...list, ...more]));
    expect(Object.keys(properties)).toEqual(['contentType', 'userProperties', 'correlationData']);
    const userProperties = [...MIXED.userProperties!, ['last', '']];
    expect(properties).toEqual({ ...MIXED, userProperties });
    expect({ ...properties }).toEqual({ ...MIXED, userProperties });
  });

  test('stand between what belongs together', () => {
    const properties: ConnackProperties = {
      authenticationMethod: 'M',
      userProperties: empty(100),
      authenticationData: new Uint8Array([1]),
    };
    const connack: ConnackPacket = { type: 'connack', sessionPresent: false, reasonCode: 0, properties };
    const decoded = decodeWhole(
      encodePacket(connack, ProtocolVersion.V5),
      ProtocolVersion.V5,
    ) as ConnackPacket;
    expect(decoded.properties).toEqual(properties);
  });

  test('stay as they came when the memory that they were read from is used again', () => {
    const list = encodeForwardableProperties(MIXED);
    const { userProperties } = MIXED;
    const properties = read(list);
    list.fill(0x26);
    expect(properties.userProperties).toEqual(userProperties);
  });

  test('are checked at once: the last string of a long section is refused as the first would be', () => {
    const list = encodeForwardableProperties({ userProperties: [...empty(1000), ['', 'x']] });
    for (const byte of [0x00, 0x80, 0xc3, 0xff]) {
      list[list.length - 1] = byte;
      expect(() => read(list)).toThrow(MalformedPacketError);
    }
    expect(() => read(list.subarray(0, -1))).toThrow(MalformedPacketError);
  });
});
