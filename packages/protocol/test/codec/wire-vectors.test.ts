import type { Packet, PubackPacket } from '@martlet/protocol';
import {
  decodePacket,
  encodePacket,
  encodePacketInto,
  FrameResult,
  NO_PROPERTIES,
  PacketStream,
  ProtocolVersion,
  packetLength,
} from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { decodeWhole } from './decode-whole.ts';
import { wire } from './wire-notation.ts';
import { WIRE_VECTORS } from './wire-vectors.ts';

const VERSIONS = Object.values(ProtocolVersion);

for (const version of VERSIONS) {
  const vectors = WIRE_VECTORS.filter((each) => each.versions.includes(version));

  describe(`bytes and packets of protocol level ${version}`, () => {
    for (const vector of vectors)
      test(`decoded: ${vector.name}`, () => {
        expect(decodeWhole(wire(vector.wire), version)).toStrictEqual(vector.packet);
      });

    for (const vector of vectors.filter((each) => each.direction === 'both'))
      test(`encoded: ${vector.name}`, () => {
        const bytes = wire(vector.wire);
        expect(encodePacket(vector.packet, version)).toEqual(bytes);
        expect(packetLength(vector.packet, version)).toBe(bytes.length);

        const room = new Uint8Array(bytes.length + 3).fill(0xee);
        expect(encodePacketInto(vector.packet, version, room, 2)).toBe(bytes.length + 2);
        expect(room).toEqual(Uint8Array.of(0xee, 0xee, ...bytes, 0xee));
      });

    for (const vector of vectors)
      test(`read no further than its end: ${vector.name}`, () => {
        const bytes = wire(vector.wire);
        const body = bytes[1]! < 0x80 ? 2 : 3;
        // What is left of a packet may be a shorter one; but never may anything past the end be read.
        for (let end = body; end < bytes.length; end++) {
          const cut = bytes.slice(0, end);
          const overrun = new Uint8Array([...cut, ...bytes.slice(end)]);
          expect(outcome(overrun, body, end)).toEqual(outcome(cut, body, end));
        }
        function outcome(of: Uint8Array, from: number, to: number): unknown {
          try {
            return decodePacket(of, 0, from, to, version);
          } catch (error) {
            return String(error);
          }
        }
      });

    test('a stream of all of them, split anywhere, gives the same packets', () => {
      const stream = Uint8Array.from(vectors.flatMap((each) => [...wire(each.wire)]));
      for (const chunk of [1, 2, 3, 5, 7, 16, 61, 1024, stream.length]) {
        const packets: Packet[] = [];
        const framed = new PacketStream(
          {
            onShown() {},
            onFrame(bytes, start, body, end) {
              packets.push(decodePacket(bytes.slice(start, end), 0, body - start, end - start, version));
              return FrameResult.Next;
            },
          },
          1 << 20,
        );
        for (let at = 0; at < stream.length; at += chunk) {
          framed.receive(stream, at, Math.min(at + chunk, stream.length));
        }
        expect(packets).toEqual(vectors.map((each) => each.packet));
      }
    });
  });
}

test('byte fields are views of the bytes that were decoded', () => {
  const bytes = wire('30 ["t" [09 0002 0102] 0304]');
  const packet = decodeWhole(bytes, ProtocolVersion.V5);
  if (packet.type !== 'publish') throw new Error('not a PUBLISH');
  expect(packet.payload.buffer).toBe(bytes.buffer);
  expect(packet.properties.correlationData?.buffer).toBe(bytes.buffer);
});

test('a packet without properties has the one object that says so', () => {
  for (const notation of ['30 ["t" []]', 'e0 [00 []]', '40 [0001]', '20 [00 00 []]']) {
    expect(decodeWhole(wire(notation), ProtocolVersion.V5)).toHaveProperty('properties', NO_PROPERTIES);
    expect(
      Object.isFrozen((decodeWhole(wire(notation), ProtocolVersion.V5) as PubackPacket).properties),
    ).toBe(true);
  }
});

test('what both sides may send is accepted from either', () => {
  const notations = [
    '30 ["t" []]',
    '40 [0001]',
    '50 [0001]',
    '62 [0001]',
    '70 [0001]',
    'e0 [00]',
    'f0 [19 [15 "M"]]',
  ];
  for (const notation of notations) {
    for (const from of ['client', 'server'] as const) {
      expect(() => decodeWhole(wire(notation), ProtocolVersion.V5, { from })).not.toThrow();
    }
  }
});

test('encoding into too little room writes nothing', () => {
  const room = new Uint8Array(4).fill(0xee);
  expect(() => encodePacketInto({ type: 'pingreq' }, ProtocolVersion.V5, room, 3)).toThrow(RangeError);
  expect(room).toEqual(new Uint8Array(4).fill(0xee));
});
