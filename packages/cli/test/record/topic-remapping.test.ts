// Topics that become others in a replay.

import { checkTopicName, matches } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRemapping, remapped } from '../../src/record/topic-remapping.ts';

describe('a topic becomes another', () => {
  test.each([
    ['home/light', 'home/#', 'test/#', 'test/light'],
    ['home', 'home/#', 'test/#', 'test'],
    ['home', 'home/#', '#', 'home'],
    ['home/a/b', 'home/#', '#', 'a/b'],
    ['a/b', '#', 'x/#', 'x/a/b'],
    ['home/1/state', 'home/+/state', 'state/+', 'state/1'],
    ['a/b/c', '+/b/+', '+/+', 'a/c'],
    ['a/b/c', '+/b/#', 'x/#', 'x/c'],
    ['a//c', 'a/+/c', 'x/+/y', 'x//y'],
    ['a/b', 'a/b', 'c', 'c'],
    ['a/b', 'a/+', 'gone', 'gone'],
    ['a/b', 'c/#', 'x/#', 'a/b'],
    ['$SYS/uptime', '#', 'x/#', '$SYS/uptime'],
    ['$SYS/uptime', '$SYS/#', 'sys/#', 'sys/uptime'],
  ])('%s with %s to %s is %s', (topicName, from, to, expected) => {
    expect(remapped(topicName, [parseRemapping(from, to)])).toBe(expected);
  });

  test('by the first remapping that matches', () => {
    const remappings = [parseRemapping('a/b', 'one'), parseRemapping('a/#', 'two/#')];
    expect(remapped('a/b', remappings)).toBe('one');
    expect(remapped('a/c', remappings)).toBe('two/c');
  });
});

test.each([
  ['a/#/b', 'x', /expected a topic filter, got 'a\/#\/b'/],
  ['a', 'x/+', /expected no more wildcards on the right than on the left/],
  ['a/+', 'x/#', /expected no more wildcards on the right/],
  ['a/+', 'x/+/+', /expected no more wildcards on the right/],
  ['', 'x', /expected a topic filter, got ''/],
])('%s to %s is refused', (from, to, text) => {
  expect(() => parseRemapping(from, to)).toThrow(text);
});

const level = fc.constantFrom('a', 'b', '', '$c', 'ü');
const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen ? ['#'] : [])].join('/'));

describe('whatever topic and filter', () => {
  const valid = (name: string): boolean => checkTopicName(name, 1000) === null;

  test('a filter to itself changes nothing', () => {
    fc.assert(
      fc.property(
        topic.filter(valid),
        filter.filter((each) => each !== ''),
        (topicName, each) => {
          expect(remapped(topicName, [parseRemapping(each, each)])).toBe(topicName);
        },
      ),
    );
  });

  test('there and back is where it was, and what comes out is a topic that the other filter matches', () => {
    fc.assert(
      fc.property(
        topic.filter(valid),
        filter.filter((each) => each !== ''),
        (topicName, each) => {
          const other = `x/${each}`;
          const there = remapped(topicName, [parseRemapping(each, other)]);
          expect(valid(there)).toBe(true);
          if (!matches(each, topicName)) expect(there).toBe(topicName);
          else {
            expect(matches(other, there)).toBe(true);
            expect(remapped(there, [parseRemapping(other, each)])).toBe(topicName);
          }
        },
      ),
    );
  });
});
