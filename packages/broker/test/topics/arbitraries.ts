import * as fc from 'fast-check';

// Few levels, so that names and filters often meet; the long one is kept by reference to a larger string.
const level = fc.constantFrom('', 'a', 'b', 'ab', '$', '$a', 'é', '😀', 'a-level-with-a-long-name');

/** Valid topic names that often share levels. */
export const topicName: fc.Arbitrary<string> = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((name) => name !== '');

/** Valid topic filters, most with wildcards. */
export const topicFilter: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: level }, { weight: 2, arbitrary: fc.constant('+') }), {
      maxLength: 5,
    }),
    fc.boolean(),
  )
  .map(([levels, multi]) => [...levels, ...(multi ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '');

/** Names with many levels, some more than are told apart when a subscription changes. */
export const deepTopicName: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', ''), { minLength: 6, maxLength: 12, size: 'max' })
  .map((levels) => levels.join('/'));

/** A filter that matches the name, or nearly. */
export function filterNear(name: string): fc.Arbitrary<string> {
  const levels = name.split('/');
  return fc
    .tuple(
      fc.array(fc.constantFrom(null, null, null, '+', 'a'), {
        minLength: levels.length,
        maxLength: levels.length,
      }),
      fc.integer({ min: 0, max: levels.length }),
      fc.boolean(),
    )
    .map(([replacements, length, multi]) => {
      const kept = levels.map((each, i) => replacements[i] ?? each).slice(0, length);
      return [...kept, ...(multi || length === 0 ? ['#'] : [])].join('/');
    })
    .filter((filter) => filter !== '');
}
