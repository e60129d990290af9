import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessage } from '../../src/core/codec/decode-message.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import { decodeForwarder, encodeForwarder } from '../../src/core/codec/forwarder.ts';
import type { SnMessage } from '../../src/core/codec/message.ts';
import { LONG_TOPIC_VECTOR, VECTORS } from './vectors.ts';

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The same message with a length of three octets, which the specification allows for any. */
function inLongForm(bytes: Uint8Array): Uint8Array {
  const length = bytes.length + 2;
  return Uint8Array.from([1, length >> 8, length & 0xff, ...bytes.subarray(1)]);
}

describe('5.4 Format of individual messages', () => {
  for (const { name, hex, message } of VECTORS) {
    test(`${name} is read and written`, () => {
      expect(decodeMessage(fromHex(hex))).toEqual(message);
      expect(toHex(encodeMessage(message))).toBe(hex);
    });
  }

  test('5.2.1 every message may have a length of three octets', () => {
    const short = VECTORS.filter(({ hex }) => !hex.startsWith('01'));
    expect(short).toHaveLength(VECTORS.length - 1);
    for (const { hex, message } of short) expect(decodeMessage(inLongForm(fromHex(hex)))).toEqual(message);
  });

  test('every truncation and every extra octet is a length that does not match', () => {
    for (const { hex } of VECTORS) {
      const bytes = fromHex(hex);
      for (let length = 0; length < bytes.length; length++) {
        expect(decodeMessage(bytes.subarray(0, length))).toMatchObject({ reason: 'length-mismatch' });
      }
      expect(decodeMessage(Uint8Array.from([...bytes, 0]))).toMatchObject({ reason: 'length-mismatch' });
    }
  });

  test('a message may begin within a datagram', () => {
    expect(decodeMessage(fromHex('ffff0216'), 2)).toEqual({ type: 'pingreq', clientId: undefined });
  });

  test('the name in PUBLISH of QoS -1 is read only where it is asked for', () => {
    const bytes = fromHex(LONG_TOPIC_VECTOR.hex);
    expect(decodeMessage(bytes, 0, { longTopics: true })).toEqual(LONG_TOPIC_VECTOR.message);
    expect(decodeMessage(bytes)).toMatchObject({ topic: { kind: 'normal', topicId: 5 } });
    expect(toHex(encodeMessage(LONG_TOPIC_VECTOR.message))).toBe(LONG_TOPIC_VECTOR.hex);
    const beyond = fromHex('090c60000900006869');
    expect(decodeMessage(beyond, 0, { longTopics: true })).toMatchObject({ reason: 'body-too-short' });
  });

  test.each([
    ['a reserved type', '0203', 'unknown-type'],
    ['the types behind the last', '021e', 'unknown-type'],
    ['a forwarder within a forwarder', '03fe00', 'nested-forwarder'],
    ['CONNECT without a duration', '05040c0100', 'body-too-short'],
    ['CONNACK with more than a return code', '04050000', 'body-too-long'],
    ['DISCONNECT with half a duration', '031801', 'body-too-short'],
    ['PUBLISH of the reserved topic kind', '090c23000100026869', 'reserved-topic-kind'],
    ['PUBLISH of QoS 1 without a packet identifier', '090c20000100006869', 'zero-packet-id'],
    ['PUBREC without a packet identifier', '040f0000', 'zero-packet-id'],
    ['PUBREL without a packet identifier', '04100000', 'zero-packet-id'],
    ['PUBCOMP without a packet identifier', '040e0000', 'zero-packet-id'],
    ['SUBSCRIBE without a packet identifier', '0812200000612f23', 'zero-packet-id'],
    ['SUBSCRIBE at QoS -1', '0812600003612f23', 'reserved-flags'],
    ['SUBSCRIBE to nothing', '0512200003', 'body-too-short'],
    ['SUBSCRIBE to an identifier and more', '0812210003000500', 'body-too-long'],
    ['UNSUBSCRIBE without a packet identifier', '0814000000612f23', 'zero-packet-id'],
    ['WILLTOPIC at QoS -1', '060760772f74', 'reserved-flags'],
    ['SUBACK at QoS -1', '0813600000000300', 'reserved-flags'],
    ['CONNECT with a client identifier that is not UTF-8', '07040c01003cff', 'not-utf8'],
    ['REGISTER of a name that is not UTF-8', '070a00000001c3', 'not-utf8'],
    ['a length octet of 0', '0016', 'length-mismatch'],
    ['a length of three octets that counts too few', '01000316', 'length-mismatch'],
  ])('%s is malformed', (_, hex, reason) => {
    expect(decodeMessage(fromHex(hex))).toEqual({ type: 'malformed', reason });
  });

  test('QoS 0 may have a packet identifier, which some clients send', () => {
    expect(decodeMessage(fromHex('090c00000100026869'))).toMatchObject({ qos: 0, packetId: 2 });
  });

  test('255 bytes have the short form, 256 the long one, and 65,535 are the most', () => {
    const publish = (payloadBytes: number): SnMessage => ({
      type: 'publish',
      dup: false,
      qos: 0,
      retain: false,
      topic: { kind: 'normal', topicId: 1 },
      packetId: 0,
      payload: new Uint8Array(payloadBytes),
    });
    expect(toHex(encodeMessage(publish(248)).subarray(0, 2))).toBe('ff0c');
    expect(toHex(encodeMessage(publish(249)).subarray(0, 4))).toBe('0101020c');
    expect(toHex(encodeMessage(publish(65_526)).subarray(0, 4))).toBe('01ffff0c');
    expect(() => encodeMessage(publish(65_527))).toThrow('at most 65535 bytes, got 65536');
  });

  test('any message that is written is read again', () => {
    const word = fc.integer({ min: 0, max: 0xffff });
    const id = fc.integer({ min: 1, max: 0xffff });
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    const payload = fc.uint8Array({ maxLength: 400 });
    const topic = fc.oneof(
      word.map((topicId) => ({ kind: 'normal' as const, topicId })),
      word.map((topicId) => ({ kind: 'predefined' as const, topicId })),
      fc.constantFrom('ab', 'é').map((topicName) => ({ kind: 'short' as const, topicName })),
    );
    const filter = fc.oneof(
      name.map((topicName) => ({ kind: 'name' as const, topicName })),
      word.map((topicId) => ({ kind: 'predefined' as const, topicId })),
    );
    const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
    const message: fc.Arbitrary<SnMessage> = fc.oneof(
      fc.record({
        type: fc.constant('publish' as const),
        dup: fc.boolean(),
        qos: fc.constantFrom(-1 as const, 0 as const, 1 as const, 2 as const),
        retain: fc.boolean(),
        topic,
        packetId: id,
        payload,
      }),
      fc.record({
        type: fc.constant('subscribe' as const),
        dup: fc.boolean(),
        qos,
        packetId: id,
        topic: filter,
      }),
      fc.record({
        type: fc.constant('register' as const),
        topicId: word,
        packetId: word,
        topicName: name,
      }),
      fc.record({
        type: fc.constant('connect' as const),
        will: fc.boolean(),
        cleanSession: fc.boolean(),
        protocolId: fc.constant(1),
        duration: word,
        clientId: name,
      }),
    );
    fc.assert(
      fc.property(message, (wanted) => {
        expect(decodeMessage(encodeMessage(wanted))).toEqual(wanted);
      }),
    );
  });

  test('no bytes throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, longTopics) => {
        const whole = Uint8Array.from([bytes.length + 1, ...bytes]);
        for (const datagram of [bytes, whole]) {
          expect(decodeMessage(datagram, 0, { longTopics })).toHaveProperty('type');
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('5.5 Forwarder encapsulation', () => {
  const node = new TextEncoder().encode('node');

  test('the length counts the header only', () => {
    const bytes = fromHex('07fe016e6f64650216');
    expect(decodeForwarder(bytes)).toEqual({ radius: 1, wirelessNodeId: node, innerStart: 7 });
    expect(decodeMessage(bytes, 7)).toEqual({ type: 'pingreq', clientId: undefined });
    expect(toHex(encodeForwarder(1, node, fromHex('0216')))).toBe('07fe016e6f64650216');
  });

  test('a radius of more than two bits is as far as there is', () => {
    expect(encodeForwarder(200, node, fromHex('0216'))[2]).toBe(3);
  });

  test('node ids have up to 252 octets', () => {
    const longest = new Uint8Array(252).fill(7);
    const bytes = encodeForwarder(0, longest, fromHex('0216'));
    expect(bytes[0]).toBe(255);
    expect(decodeForwarder(bytes)?.wirelessNodeId).toEqual(longest);
    expect(() => encodeForwarder(0, new Uint8Array(253), fromHex('0216'))).toThrow('at most 252 bytes');
  });

  test('what holds less than it says encapsulates nothing', () => {
    const bytes = fromHex('07fe016e6f64650216');
    for (let length = 0; length <= 7; length++) expect(decodeForwarder(bytes.subarray(0, length))).toBeNull();
    expect(decodeForwarder(fromHex('02fe0216'))).toBeNull();
    expect(decodeForwarder(fromHex('0216'))).toBeNull();
  });
});
