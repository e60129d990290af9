/** The word that was probably meant, for messages such as "did you mean --host?". */

/**
 * @returns the candidate that is fewest changes away (a letter more, less, other, or two exchanged), at most a third of the
 *   word's length; of equals the first. Capital letters are no change. Undefined if none is near, or for a single letter,
 *   from which every other one is as far.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  // Dashes are no part of what was mistyped.
  let least = Math.max(1, Math.floor(bare(word).length / 3)) + 1;
  if (word.length > LONGEST || bare(word).length < 2) return undefined;
  const lower = word.toLowerCase();
  for (const candidate of candidates) {
    const changes = distance(lower, candidate.toLowerCase());
    if (changes < least) {
      least = changes;
      best = candidate;
    }
  }
  return best;
}

/** A longer word is no mistyped one. */
const LONGEST = 60;

function bare(word: string): string {
  return word.replace(/^-+/, '');
}

/** Changes from one word to the other, counted row by row. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[line - 1] === to[column - 1];
      let least = Math.min(next[column - 1]! + 1, row[column]! + 1, row[column - 1]! + (isSame ? 0 : 1));
      const isExchanged = from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1];
      if (line > 1 && column > 1 && isExchanged) least = Math.min(least, before[column - 2]! + 1);
      next[column] = least;
    }
    before = row;
    row = next;
  }
  return row[to.length]!;
}
