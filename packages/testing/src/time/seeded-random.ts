/**
 * Numbers that look random and follow from a seed: mulberry32, which is enough for jitter and nonces in a test and for
 * nothing that is to be kept from anybody.
 *
 * @param seed any number; its lower 32 bits count
 * @returns a function like `Math.random`
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
