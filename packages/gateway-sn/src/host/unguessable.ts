/** Numbers that nobody can guess, from 0 to below 1; random bytes are taken in one piece for many. */
import { randomFillSync } from 'node:crypto';

const WORDS = 1024;

export function unguessableNumbers(): () => number {
  const words = new Uint32Array(WORDS);
  let next = WORDS;
  return () => {
    if (next === WORDS) {
      randomFillSync(words);
      next = 0;
    }
    return words[next++]! / 2 ** 32;
  };
}
