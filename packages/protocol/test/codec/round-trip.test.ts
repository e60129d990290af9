import type { Packet } from '@martlet/protocol';
import {
  decodePacket,
  encodePacket,
  encodePacketInto,
  FrameResult,
  PacketStream,
  ProtocolVersion,
  packetLength,
} from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyPacket, packetArbitraries } from './arbitraries.ts';
import { decodeWhole } from './decode-whole.ts';

for (const version of Object.values(ProtocolVersion)) {
  describe(`protocol level ${version}`, () => {
    for (const [type, arbitrary] of Object.entries(packetArbitraries(version))) {
      test(`every ${type} comes back from its bytes as it was`, () => {
        fc.assert(
          fc.property(arbitrary, fc.integer({ min: 0, max: 5 }), (packet, offset) => {
            const bytes = encodePacket(packet, version);
            expect(bytes.length).toBe(packetLength(packet, version));
            expect(decodeWhole(bytes, version)).toEqual(packet);

            const room = new Uint8Array(offset + bytes.length);
            expect(encodePacketInto(packet, version, room, offset)).toBe(room.length);
            expect(room.subarray(offset)).toEqual(bytes);
          }),
          { numRuns: 300 },
        );
      });
    }

    test('any packets in one stream, split anywhere, come back as they were', () => {
      const packets = fc.array(anyPacket(version), { minLength: 1, maxLength: 6 });
      const chunks = fc.infiniteStream(fc.integer({ min: 1, max: 40 }));
      fc.assert(
        fc.property(packets, chunks, (sent, lengths) => {
          const stream = Uint8Array.from(sent.flatMap((packet) => [...encodePacket(packet, version)]));
          const received: Packet[] = [];
          const framed = new PacketStream(
            {
              onShown() {},
              onFrame(bytes, start, body, end) {
                received.push(decodePacket(bytes.slice(start, end), 0, body - start, end - start, version));
                return FrameResult.Next;
              },
            },
            1 << 20,
          );
          for (let at = 0; at < stream.length; ) {
            const next = Math.min(at + (lengths.next().value ?? 1), stream.length);
            framed.receive(stream, at, next);
            at = next;
          }
          expect(received).toEqual(sent);
        }),
        { numRuns: 200 },
      );
    });
  });
}
