// Which filters match a topic name, found without a look at each.

import { isSharedFilter, matches, parseSharedFilter } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { topicFilter, topicName } from '../../../protocol/test/codec/arbitraries.ts';
import { FilterMap } from '../../src/core/subscriptions/filter-map.ts';

/** Counts the looks into it. */
class Counted<T> extends FilterMap<T> {
  looks = 0;
  override get(key: string): T | undefined {
    this.looks++;
    return super.get(key);
  }
}

/** Of few and short levels, so that many of them match. */
const level = fc.constantFrom('', 'a', 'b', '$a', '$share');
const name = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(
    fc.constantFrom('', '', '$share/g/', '$share/a/'),
    fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/#'),
  )
  .map(([share, levels, end]) => share + (levels.join('/') === '' ? '#' : levels.join('/') + end))
  .filter((each) => !isSharedFilter(each) || typeof parseSharedFilter(each) === 'object');

/** A topic name that begins like a shared subscription's filter is none. */
const isFilter = (each: string): boolean => each !== '' && !isSharedFilter(each);

const unshared = (each: string): string => each.replace(/^\$share\/[^/]+\//, '');

describe('What is kept for topic filters', () => {
  test.each([
    ['any filters and names', topicFilter, topicName],
    ['few levels', filter, name],
  ])('is found for exactly those that match, whatever was taken out before: %s', (_what, filters, names) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(filters, { maxLength: 30 }),
        fc.array(filters),
        fc.array(names, { maxLength: 10 }),
        (kept, gone, asked) => {
          const map = new FilterMap<string>();
          for (const each of [...kept, ...gone, ...kept, ...asked.filter(isFilter)]) map.set(each, each);
          for (const each of [...gone, ...gone]) map.delete(each);
          for (const each of asked) {
            const expected = [...map.keys()].filter((key) => matches(unshared(key), each));
            expect(map.matching(each).sort()).toEqual(expected.sort());
          }
        },
      ),
    );
  });

  test('takes as many looks as there are shapes, however many filters', () => {
    const map = new Counted<number>();
    for (let i = 0; i < 1000; i++) map.set(`a/${i}/+`, i).set(`+/${i}/#`, -i).set(`a/${i}`, i);
    map.looks = 0;
    expect(map.matching('a/7/b').sort()).toEqual([-7, 7]);
    // Two shapes fit a name of three levels.
    expect(map.looks).toBe(2);
  });

  test('is found by nothing when all was taken out', () => {
    const map = new Counted<string>();
    for (const each of ['a/+', 'b/+', '$share/g/+/a']) map.set(each, each);
    for (const each of [...map.keys()]) map.delete(each);
    map.looks = 0;
    expect([map.matching('a/a'), map.size, map.looks]).toEqual([[], 0, 0]);
  });
});
