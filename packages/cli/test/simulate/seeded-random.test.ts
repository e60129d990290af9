// The numbers of a simulation are those of the tests' generator: there is one idea of a seed.

import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { seededRandom } from '../../src/simulate/seeded-random.ts';

test.each([0, 1, 7, 0xffff_ffff])('seed %i gives the same numbers in both', (seed) => {
  const [ours, theirs] = [seededRandom(seed), new SeededRandom(seed)];
  for (let i = 0; i < 1000; i++) expect(ours()).toBe(theirs.next());
});
