import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatches } from '../../../src/access/authorization/glob.ts';

describe('Texts with *', () => {
  it('match as a regular expression would, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (glob, subject) => {
        const plain = subject.replaceAll('*', 'c');
        expect(globMatches(glob, plain)).toBe(new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(plain));
      }),
      { numRuns: 5000 },
    );
  });

  it('are not slow with a long name that nearly matches', () => {
    expect(globMatches('*a*a*a*a*a*a*a*a*b', 'a'.repeat(65_535))).toBe(false);
  });
});
