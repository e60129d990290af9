import { decodePacket, encodePacket, ProtocolVersion, RemoteError } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyPacket } from './arbitraries.ts';
import { hexOf } from './wire-notation.ts';

const PADDING = 16;

/**
 * Decodes bytes that lie between others, twice with different neighbours: what is read past either end would differ.
 * Anything but a packet or a RemoteError fails the test.
 */
function outcomeOf(bytes: Uint8Array, body: number, version: ProtocolVersion): string {
  const [first, second] = [0x00, 0xa5].map((neighbour) => {
    const padded = new Uint8Array(bytes.length + 2 * PADDING).fill(neighbour);
    padded.set(bytes, PADDING);
    try {
      return JSON.stringify(decodePacket(padded, PADDING, PADDING + body, PADDING + bytes.length, version));
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return `${error.name}: ${error.message}`;
    }
  });
  if (second !== first) throw new Error(`${hexOf(bytes)} read as ${first} and as ${second}`);
  return first!;
}

interface Mutation {
  readonly at: number;
  readonly kind: 'flip' | 'set' | 'insert' | 'remove';
  readonly value: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat({ max: 200 }),
  kind: fc.constantFrom('flip', 'set', 'insert', 'remove'),
  value: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
});

function mutated(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  const result = [...bytes];
  for (const { at, kind, value } of mutations) {
    const index = at % Math.max(result.length, 1);
    if (kind === 'flip') result[index] = (result[index] ?? 0) ^ (1 << (value & 7));
    else if (kind === 'set') result[index] = value;
    else if (kind === 'insert') result.splice(index, 0, value);
    else result.splice(index, 1);
  }
  return result.length < 2 ? Uint8Array.of(0, 0) : Uint8Array.from(result);
}

for (const version of Object.values(ProtocolVersion)) {
  describe(`protocol level ${version}`, () => {
    test('random bytes are a packet or a RemoteError, and nothing past their end is read', () => {
      const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 });
      fc.assert(
        fc.property(bytes, (random) => void outcomeOf(random, 1, version)),
        { numRuns: 10_000 },
      );
    });

    test('mutated packets are a packet or a RemoteError, and nothing past their end is read', () => {
      let packets = 0;
      let errors = 0;
      fc.assert(
        fc.property(
          anyPacket(version),
          fc.array(mutation, { minLength: 1, maxLength: 4 }),
          (packet, mutations) => {
            const bytes = mutated(encodePacket(packet, version).subarray(0, 300), mutations);
            if (outcomeOf(bytes, Math.min(bytes[1]! < 0x80 ? 2 : 3, bytes.length), version).startsWith('{'))
              packets++;
            else errors++;
          },
        ),
        { numRuns: 10_000 },
      );
      // Both really occur; otherwise this test would show nothing.
      expect(packets).toBeGreaterThan(100);
      expect(errors).toBeGreaterThan(1000);
    });

    test('a decoded packet that was mutated can be encoded again, and is then the same', () => {
      fc.assert(
        fc.property(anyPacket(version), mutation, (packet, one) => {
          const bytes = mutated(encodePacket(packet, version).subarray(0, 300), [one]);
          const body = Math.min(bytes[1]! < 0x80 ? 2 : 3, bytes.length);
          const decoded = attempt(() => decodePacket(bytes, 0, body, bytes.length, version));
          if (decoded === undefined) return;
          const again = encodePacket(decoded, version);
          const againBody = again[1]! < 0x80 ? 2 : 3;
          expect(decodePacket(again, 0, againBody, again.length, version)).toEqual(decoded);
        }),
        { numRuns: 5000 },
      );
    });
  });
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return undefined;
  }
}
