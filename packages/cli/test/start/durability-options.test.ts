import { describe, expect, test } from 'vitest';
import { isMemoryOnly, parseLevels } from '../../src/start/durability-options.ts';

describe('Levels of topics', () => {
  test('are read in order, and a topic filter may have an equals sign', () => {
    expect(parseLevels('disk', ['sensors/#=os', 'a=b/+=memory'])).toEqual({
      durability: 'disk',
      topicDurability: [
        { topicFilter: 'sensors/#', durability: 'os' },
        { topicFilter: 'a=b/+', durability: 'memory' },
      ],
    });
  });

  test.each([
    ['no level', 'sensors/#', 'expected a topic filter and a level, such as sensors/#=os'],
    ['no filter', '=os', 'expected a topic filter and a level'],
    ['an unknown level', 'sensors/#=ram', 'expected one of disk, os, memory, got ram'],
    ['no level after the sign', 'sensors/#=', 'expected one of disk, os, memory'],
    ['a filter that is none', 'sensors/#/x=os', 'topic filter "sensors/#/x"'],
    ['a shared one', '$share/g/t=os', 'shared subscription'],
  ])('are refused with %s', (_what, assignment, text) => {
    const parse = () => parseLevels('disk', ['a=os', assignment]);
    expect(parse).toThrow(text);
    expect(parse).toThrow(/^option '--topic-durability/);
  });
});

describe('Nothing is written', () => {
  test.each([
    [true, 'memory', []],
    [true, 'memory', ['a=memory']],
    [false, 'memory', ['a=os']],
    [false, 'disk', []],
    [false, 'os', ['#=memory']],
  ] as const)('%s for %s and %j', (only, durability, topics) => {
    expect(isMemoryOnly(parseLevels(durability, topics))).toBe(only);
  });
});
