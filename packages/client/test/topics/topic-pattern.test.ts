import { matches } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillTopicPattern, matchTopicPattern, parseTopicPattern } from '../../src/topics/topic-pattern.ts';

const room = parseTopicPattern('home/{room}/temperature');
const log = parseTopicPattern('log/{host}/{path...}');

describe('A pattern of topics', () => {
  test.each([
    'a',
    'a/b',
    '/',
    '//a',
    '{a}',
    '{a...}',
    'a/{b}/c/{d}',
    'a/{b}/{c...}',
    '$SYS/{key...}',
    'ŝ/{x1_y}',
  ])('may be %s', (text) => {
    expect(parseTopicPattern(text).text).toBe(text);
  });

  test.each([
    ['empty', ''],
    ['a wildcard for one level', 'home/+/temperature'],
    ['a wildcard for many levels', 'home/#'],
    ['a null character', 'a\0b'],
    ['half a character', 'a\ud800'],
    ['a parameter that does not fill its level', 'home/x{room}'],
    ['a parameter with more behind it', 'home/{room}x'],
    ['a parameter that is not closed', 'home/{room'],
    ['a parameter that is not opened', 'home/room}'],
    ['a parameter without a name', 'home/{}'],
    ['a rest without a name', 'home/{...}'],
    ['a parameter with two dots', 'home/{room..}'],
    ['a name with a space', 'home/{the room}'],
    ['a name that begins with a digit', 'home/{1}'],
    ['a name that objects have already', 'home/{__proto__}'],
    ['a rest that is not last', 'home/{path...}/x'],
    ['a name twice', '{a}/{a}'],
    ['a shared subscription', '$share/group/home/{room}'],
    ['too many levels', '/'.repeat(200)],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseTopicPattern(text)).toThrow(
      expect.objectContaining({
        code: 'INVALID_TOPIC',
        message: expect.stringContaining('a pattern such as'),
      }),
    );
  });

  test('gives topic names and topic filters', () => {
    expect(fillTopicPattern(room, { room: 'kitchen' }, true)).toBe('home/kitchen/temperature');
    expect(fillTopicPattern(room, {}, false)).toBe('home/+/temperature');
    expect(fillTopicPattern(room, { room: 'kitchen' }, false)).toBe('home/kitchen/temperature');
    expect(fillTopicPattern(log, { host: 'a', path: 'b/c' }, true)).toBe('log/a/b/c');
    expect(fillTopicPattern(log, {}, false)).toBe('log/+/#');
    expect(fillTopicPattern(log, { path: 'b' }, false)).toBe('log/+/b');
  });

  test.each([
    ['nothing', ''],
    ['a slash', 'a/b'],
    ['a wildcard', '+'],
    ['a wildcard inside', 'a#'],
    ['a null character', 'a\0'],
    ['half a character', '\udc00'],
    ['a number', 7 as unknown as string],
    ['null', null as unknown as string],
  ])('takes no parameter that is %s', (_what, value) => {
    for (const isComplete of [true, false]) {
      expect(() => fillTopicPattern(room, { room: value }, isComplete)).toThrow(
        expect.objectContaining({
          code: 'INVALID_TOPIC',
          message: expect.stringContaining('expected a room that can stand in home/{room}/temperature, got'),
        }),
      );
    }
  });

  test('takes slashes in the rest, and nothing else that a level may not have', () => {
    expect(fillTopicPattern(log, { host: 'a', path: 'b//c/' }, true)).toBe('log/a/b//c/');
    for (const path of ['', 'a/+', 'a/#', 'a/\0']) {
      expect(() => fillTopicPattern(log, { host: 'a', path }, true)).toThrow(/path/);
    }
  });

  test('is not filled with a parameter missing', () => {
    expect(() => fillTopicPattern(log, { host: 'a' }, true)).toThrow(/path.*undefined/);
  });

  test('finds its parameters in a topic name', () => {
    expect(matchTopicPattern(room, 'home/kitchen/temperature')).toEqual({ room: 'kitchen' });
    expect(matchTopicPattern(log, 'log/a/b/c')).toEqual({ host: 'a', path: 'b/c' });
    expect(matchTopicPattern(parseTopicPattern('a/b'), 'a/b')).toEqual({});
    expect(matchTopicPattern(parseTopicPattern('{a...}'), 'a/b')).toEqual({ a: 'a/b' });
  });

  test.each([
    ['another level', room, 'home/kitchen/humidity'],
    ['a level fewer', room, 'home/kitchen'],
    ['a level more', room, 'home/kitchen/temperature/now'],
    ['an empty parameter', room, 'home//temperature'],
    ['other case', room, 'Home/kitchen/temperature'],
    ['no rest', log, 'log/a'],
    ['an empty rest', log, 'log/a/'],
    ['nothing of it', log, ''],
  ])('does not fit a topic name with %s', (_what, pattern, topicName) => {
    expect(matchTopicPattern(pattern, topicName)).toBeUndefined();
  });

  test('leaves topics that begin with $ alone, as a wildcard does', () => {
    for (const text of ['{a}/b', '{a...}']) {
      const pattern = parseTopicPattern(text);
      expect(matchTopicPattern(pattern, '$SYS/b')).toBeUndefined();
      expect(() => fillTopicPattern(pattern, { a: '$SYS' }, true)).toThrow(/INVALID|expected a a/);
    }
    expect(matchTopicPattern(parseTopicPattern('$SYS/{a}'), '$SYS/$b')).toEqual({ a: '$b' });
  });

  const value = fc.stringMatching(/^[a-z$]{1,3}$/);
  const rest = fc.array(fc.constantFrom('a', 'b', '$', 'cc'), { minLength: 1, maxLength: 4 });
  const patternText = fc
    .tuple(
      fc.array(fc.constantFrom('a', 'b', '{x}', '{y}'), { maxLength: 3 }),
      fc.constantFrom('a', '{r...}'),
    )
    .map(([levels, last]) => [...levels, last].join('/'));

  test('finds again what it was filled with, in a name that its filter matches', () => {
    fc.assert(
      fc.property(patternText, value, value, rest, (text, x, y, path) => {
        fc.pre(!/\{(.)\}.*\{\1\}/.test(text));
        const pattern = parseTopicPattern(text);
        const parameters: Record<string, string> = { x, y, r: path.join('/') };
        const first = /^\{(.)/.exec(text)?.[1];
        fc.pre(first === undefined || !parameters[first]!.startsWith('$'));
        const topicName = fillTopicPattern(pattern, parameters, true);
        expect(matches(fillTopicPattern(pattern, {}, false), topicName)).toBe(true);
        const found = matchTopicPattern(pattern, topicName);
        const names = [...text.matchAll(/\{(.)/g)].map((match) => match[1]!);
        expect(found).toEqual(Object.fromEntries(names.map((name) => [name, parameters[name]!])));
      }),
    );
  });

  test('fits no topic name that its filter does not match', () => {
    const name = fc.array(fc.constantFrom('', 'a', 'b', '$'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(patternText, name, (text, levels) => {
        fc.pre(!/\{(.)\}.*\{\1\}/.test(text));
        const pattern = parseTopicPattern(text);
        const topicName = levels.join('/');
        if (matchTopicPattern(pattern, topicName) === undefined) return;
        expect(matches(fillTopicPattern(pattern, {}, false), topicName)).toBe(true);
      }),
    );
  });
});
