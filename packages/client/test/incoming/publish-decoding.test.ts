// PUBLISH as the client reads it, compared with what the reference decoder of the protocol makes of the same bytes.

import type { PublishPacket } from '@martlet/protocol';
import {
  decodeServerPacket,
  encodePacket,
  ProtocolVersion,
  ReasonCode,
  RemoteError,
  variableByteIntegerEnd,
} from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packetArbitraries } from '../../../protocol/test/codec/arbitraries.ts';
import { IncomingAliases } from '../../src/core/connection/topic-aliases.ts';
import { Incoming } from '../../src/core/incoming/incoming.ts';
import type { Message } from '../../src/core/incoming/message.ts';
import { Keeper } from '../../src/core/keeper.ts';
import { Subscriptions } from '../../src/core/subscriptions/subscriptions.ts';
import { message } from './server-packets.ts';

const VERSIONS = [ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V5] as const;
const nothing = (): void => {};

function publishPacket(version: ProtocolVersion): fc.Arbitrary<PublishPacket> {
  return packetArbitraries(version).publish as fc.Arbitrary<PublishPacket>;
}

/** The client's reader of messages, on its own: what reaches it goes to `messages`. */
class Reader {
  readonly messages: Message[] = [];
  readonly #incoming: Incoming;

  constructor(version: ProtocolVersion, aliases = 0xffff) {
    const sender = { server: null, request: () => 0, freePacketId: nothing, mayAsk: () => false, window: 0 };
    this.#incoming = new Incoming(new Keeper(), new Subscriptions(sender), {
      sendAcknowledgement: nothing,
      requestTurn: nothing,
      onUnrouted: (each) => this.messages.push(each),
      onDropped: () => {},
      onStalled: () => true,
      onExcess: () => {},
    });
    this.#incoming.online(false, version, 0xffff, new IncomingAliases(aliases));
  }

  /** @throws what the client makes of a whole packet */
  read(bytes: Uint8Array): void {
    this.#incoming.onPublish(bytes, 0, variableByteIntegerEnd(bytes, 1, bytes.length), bytes.length);
  }
}

/** The packet, or the reason code with which it is refused. */
function reference(bytes: Uint8Array, version: ProtocolVersion): PublishPacket | ReasonCode {
  try {
    const body = variableByteIntegerEnd(bytes, 1, bytes.length);
    return decodeServerPacket(bytes, 0, body, bytes.length, version) as PublishPacket;
  } catch (error) {
    return (error as RemoteError).reasonCode;
  }
}

function read(bytes: Uint8Array, version: ProtocolVersion): Message | ReasonCode {
  const reader = new Reader(version);
  try {
    reader.read(bytes);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return error.reasonCode;
  }
  return reader.messages[0]!;
}

/** Asserts that both make the same of the bytes. @param isCodeSure whether only one thing can be wrong with them */
function compare(bytes: Uint8Array, version: ProtocolVersion, isCodeSure: boolean): void {
  const expected = reference(bytes, version);
  const got = read(bytes, version);
  if (typeof expected === 'number') {
    // An alias that nobody has set is not the decoder's business, so the client refuses more.
    expect(typeof got, 'refused by the reference').toBe('number');
    if (isCodeSure) expect(got).toBe(expected);
    return;
  }
  if (expected.topicName === '') {
    expect(got).toBe(ReasonCode.TopicAliasInvalid);
    return;
  }
  expect(typeof got, `taken by the reference, refused with ${got}`).toBe('object');
  const { topicName, payload, qos, retain, dup, properties } = got as Message;
  expect({ topicName, payload: [...payload], qos, retain, dup, properties }).toEqual({
    topicName: expected.topicName,
    payload: [...expected.payload],
    qos: expected.qos,
    retain: expected.retain,
    dup: expected.dup,
    properties: expected.properties,
  });
}

/** A packet of this content, whatever it is. */
function frame(first: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const header = length < 0x80 ? [first, length] : [first, (length & 0x7f) | 0x80, length >> 7];
  return Uint8Array.from([...header, ...content]);
}

describe.each(VERSIONS)('A PUBLISH of version %i', (version) => {
  test('is read as the reference decoder reads it', () => {
    fc.assert(
      fc.property(publishPacket(version), (packet) => compare(encodePacket(packet, version), version, true)),
    );
  });

  test('is refused as the reference decoder refuses it, whichever byte of it is another one', () => {
    fc.assert(
      fc.property(publishPacket(version), fc.nat(), fc.integer({ min: 0, max: 255 }), (packet, at, byte) => {
        const bytes = encodePacket(packet, version);
        const body = variableByteIntegerEnd(bytes, 1, bytes.length);
        const changed = body + (at % Math.max(1, bytes.length - body));
        if (changed < bytes.length) bytes[changed] = byte;
        compare(bytes, version, false);
      }),
      { numRuns: 1000 },
    );
  });

  test('is refused wherever it is cut off, unless what is left is one', () => {
    fc.assert(
      fc.property(publishPacket(version), (packet) => {
        const bytes = encodePacket({ ...packet, payload: new Uint8Array(3) }, version);
        const body = variableByteIntegerEnd(bytes, 1, bytes.length);
        for (let end = body; end < Math.min(bytes.length, body + 200); end++) {
          compare(frame(bytes[0]!, bytes.subarray(body, end)), version, false);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('of random bytes raises nothing but an error of the server', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x30, max: 0x3f }), fc.uint8Array({ maxLength: 60 }), (first, content) =>
        compare(frame(first, content), version, false),
      ),
      { numRuns: 3000 },
    );
  });

  test('[MQTT-3.3.1-4] v5 [MQTT-3.3.1-4] v3.1.1 is refused with QoS 3, with DUP at QoS 0, and without an identifier', () => {
    const topic = [0, 1, 0x61];
    const properties = version === ProtocolVersion.V5 ? [0] : [];
    const refused: readonly (readonly [first: number, content: readonly number[]])[] = [
      [0x36, [...topic, 0, 1, ...properties]],
      [0x32, [...topic, 0, 0, ...properties]],
      [0x34, [...topic, 0, 0, ...properties]],
      ...(version === ProtocolVersion.V31 ? [] : ([[0x38, [...topic, ...properties]]] as const)),
    ];
    for (const [first, content] of refused) {
      const bytes = frame(first, Uint8Array.from(content));
      expect(typeof read(bytes, version)).toBe('number');
      compare(bytes, version, true);
    }
  });

  test('[MQTT-3.3.2-2] v5 [MQTT-3.3.2-2] v3.1.1 is refused with a wildcard in its Topic Name', () => {
    for (const topicName of ['#', 'a/+', 'a/#/b', 'a+b']) {
      const bytes = encodePacket(message('.'.repeat(topicName.length)), version);
      bytes.set(new TextEncoder().encode(topicName), 4);
      expect(read(bytes, version)).toBe(ReasonCode.TopicNameInvalid);
    }
  });

  test('[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 [MQTT-1.5.4-2] v5 is refused with a Topic Name that is not UTF-8', () => {
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0x00]]) {
      const content = Uint8Array.from([0, bad.length, ...bad, ...(version === 5 ? [0] : [])]);
      expect(read(frame(0x30, content), version)).toBe(ReasonCode.MalformedPacket);
    }
  });

  test('[MQTT-1.5.4-3] v5 [MQTT-1.5.3-3] v3.1.1 keeps a byte order mark in its Topic Name', () => {
    const got = read(encodePacket(message('\ufeffé/😀'), version), version) as Message;
    expect(got.topicName).toBe('\ufeffé/😀');
  });
});

describe('A Topic Alias of the server', () => {
  const named = (topicName: string, topicAlias: number): Uint8Array =>
    encodePacket(message(topicName, { properties: { topicAlias } }), 5);

  test('[MQTT-3.3.2-10] v5 stands for the name that came with it, until another one does', () => {
    const reader = new Reader(5, 2);
    for (const bytes of [
      named('a', 1),
      named('', 1),
      named('b', 2),
      named('c', 1),
      named('', 1),
      named('', 2),
    ]) {
      reader.read(bytes);
    }
    expect(reader.messages.map((each) => each.topicName)).toEqual(['a', 'a', 'b', 'c', 'c', 'b']);
  });

  test('above the maximum that the client named is refused, the maximum is not', () => {
    const reader = new Reader(5, 2);
    reader.read(named('a', 2));
    expect(() => reader.read(named('a', 3))).toThrow(
      expect.objectContaining({ reasonCode: ReasonCode.TopicAliasInvalid }),
    );
    expect(() => new Reader(5, 0).read(named('a', 1))).toThrow(RemoteError);
  });

  test('that was never set is refused, and so is a message with neither name nor alias', () => {
    expect(() => new Reader(5).read(named('', 1))).toThrow(
      expect.objectContaining({ reasonCode: ReasonCode.TopicAliasInvalid }),
    );
    expect(() => new Reader(5).read(frame(0x30, Uint8Array.from([0, 0, 0])))).toThrow(
      expect.objectContaining({ reasonCode: ReasonCode.ProtocolError }),
    );
  });
});

describe('The topic names that a client remembers', () => {
  test('stay right when there are more of them than it remembers, and when they are long', () => {
    const reader = new Reader(4);
    const names = Array.from({ length: 5000 }, (_, i) => `t/${i}`);
    names.push('x'.repeat(65_535), 'x'.repeat(1024), 'x'.repeat(1025));
    for (const each of [...names, ...names]) reader.read(encodePacket(message(each), 4));
    expect(reader.messages.map((each) => each.topicName)).toEqual([...names, ...names]);
  });

  test('are told apart where their hashes are the same', () => {
    // 31 * 'A' + 'a' is 31 * 'B' + 'B'.
    const reader = new Reader(4);
    for (const each of ['Aa', 'BB', 'Aa', 'BB']) reader.read(encodePacket(message(each), 4));
    expect(reader.messages.map((each) => each.topicName)).toEqual(['Aa', 'BB', 'Aa', 'BB']);
  });
});
