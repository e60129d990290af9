import { matches } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelsCover, levelsInCommon, levelsMatch } from '../../../src/access/authorization/topic-levels.ts';

/** Every name of up to three levels of these; three levels tell any two of the filters below apart. */
const NAME_LEVELS = ['a', 'b', '$s', ''];
const NAMES = allOf(NAME_LEVELS, 4).filter((name) => name !== '');

function allOf(levels: readonly string[], depth: number): string[] {
  if (depth === 0) return [];
  const shorter = allOf(levels, depth - 1);
  return [...levels, ...shorter.flatMap((name) => levels.map((level) => `${level}/${name}`))];
}

const filter = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', '$s', '+', ''), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '/#', 'only'),
  )
  .map(([levels, end]) => (end === 'only' ? '#' : `${levels.join('/')}${end}`))
  .filter((text) => text !== '');

const namesOf = (text: string) => NAMES.filter((name) => matches(text, name));
const levelsOf = (text: string) => text.split('/');

describe('Topic filters as sets of topic names', () => {
  it('match the names that the reference matches', () => {
    fc.assert(
      fc.property(filter, fc.constantFrom(...NAMES), (text, name) => {
        expect(levelsMatch(levelsOf(text), levelsOf(name))).toBe(matches(text, name));
      }),
      { numRuns: 2000 },
    );
  });

  it('cover another filter only if all of its names are theirs', () => {
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const names = namesOf(other);
        const isCovered = names.every((name) => matches(one, name));
        const says = levelsCover(levelsOf(one), levelsOf(other));
        if (says) expect(isCovered).toBe(true);
        // `+/#` has the names of `#`, and `/+/#` those of `/#`, since no name is empty; they do not cover them. That is safe, and
        // Mosquitto says the same.
        else if (other !== '#' && other !== '/#' && names.length > 0)
          expect(isCovered, `${one} over ${other}`).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  it('have in common the names of one filter, or none', () => {
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const both = namesOf(one).filter((name) => matches(other, name));
        const common = levelsInCommon(levelsOf(one), levelsOf(other));
        expect(common === null ? [] : namesOf(common.join('/'))).toEqual(both);
        expect(levelsInCommon(levelsOf(other), levelsOf(one))).toEqual(common);
      }),
      { numRuns: 5000 },
    );
  });
});
