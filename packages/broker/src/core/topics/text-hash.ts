/**
 * A rolling 32-bit hash over the UTF-16 code units of a text: `finish` may be asked after every unit, so that one pass
 * over a topic name gives the hash of each of its prefixes. The seed is the host's to choose at random, so that peers
 * cannot prepare topics that collide.
 */

export function stepTextHash(hash: number, unit: number): number {
  const product = Math.imul(hash ^ unit, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
}

/** @returns the hash of what was stepped over so far; never 0, which tables use for "empty". */
export function finishTextHash(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  return mixed === 0 ? 1 : mixed;
}

/** The finished hash of `text[start, end)`. */
export function hashText(text: string, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let i = start; i < end; i++) hash = stepTextHash(hash, text.charCodeAt(i));
  return finishTextHash(hash);
}
