/** Ways in which bytes go wrong, by accident or by intent. */
import type { Random } from './random.ts';

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const mutated = bytes.slice();
    const at = random.below(bytes.length);
    if (at < bytes.length) mutated[at]! ^= 1 << random.below(8);
    return mutated;
  },
  function replaceByte(bytes, random) {
    const mutated = bytes.slice();
    mutated[random.below(bytes.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    return mutated;
  },
  function insertBytes(bytes, random) {
    const at = random.below(bytes.length + 1);
    const inserted = Uint8Array.from({ length: 1 + random.below(4) }, () => random.below(256));
    return joined(bytes.subarray(0, at), inserted, bytes.subarray(at));
  },
  function deleteBytes(bytes, random) {
    const at = random.below(bytes.length);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8)));
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function duplicate(bytes, random) {
    const [a, b] = [random.below(bytes.length + 1), random.below(bytes.length + 1)];
    const [start, end] = [Math.min(a, b), Math.max(a, b)];
    return joined(bytes.subarray(0, end), bytes.subarray(start));
  },
  function splice(bytes, random, other) {
    return joined(
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    );
  },
  function hugeLength(bytes, random) {
    const at = random.below(bytes.length + 1);
    const length = random.pick([
      [0xff, 0xff, 0xff, 0x7f],
      [0xff, 0xff, 0xff, 0xff],
      [0x80, 0x80, 0x80, 0x01],
      [0x80, 0x00],
      [0xff, 0xff],
    ]);
    return joined(bytes.subarray(0, at), Uint8Array.from(length), bytes.subarray(at + length.length));
  },
];

/** Mutates a whole session: its packets exchanged, and then its bytes. */
export function mutated(
  session: readonly Uint8Array[],
  other: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  const packets = [...session];
  if (random.oneIn(4)) packets.splice(random.below(packets.length), 1 + random.below(2));
  if (random.oneIn(4)) packets.splice(random.below(packets.length + 1), 0, random.pick(other));
  let bytes = joined(...packets);
  for (let i = random.below(4); i > 0 && bytes.length > 0; i--) {
    bytes = random.pick(MUTATIONS)(bytes, random, joined(...other));
  }
  return bytes;
}
