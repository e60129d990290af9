import {
  checkTopicFilter,
  checkTopicName,
  hasWildcard,
  isSharedFilter,
  matches,
  parseSharedFilter,
} from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('A topic filter', () => {
  test.each([
    'a',
    '/',
    '#',
    '+',
    '+/+',
    '/#',
    '/+',
    '+/',
    'a/#',
    'a/+/b',
    '+/a/#',
    '$SYS/#',
    'a//#',
    '$share/g/a',
    'é/+',
  ])('may be %j', (filter) => {
    expect(checkTopicFilter(filter)).toBeNull();
  });

  test('[MQTT-4.7.1-1] v5 [MQTT-4.7.1-2] v3.1.1 has # as its last character only, alone or after a slash', () => {
    for (const filter of ['a#', 'a/b#', '+#', '/+#', 'é#'])
      expect(checkTopicFilter(filter)).toBe('wildcardNotAlone');
    for (const filter of ['a/#/b', '#/', '##', '#a', 'a/#b', '#/#', '#+']) {
      expect(checkTopicFilter(filter)).toBe('multiLevelWildcardNotLast');
    }
  });

  test('[MQTT-4.7.1-2] v5 [MQTT-4.7.1-3] v3.1.1 has + only where it fills its level', () => {
    for (const filter of ['a+', '+a', 'a/b+', 'a/+b', '++', '+a/b', 'a/++/b', '+#', 'é+']) {
      expect(checkTopicFilter(filter)).toBe('wildcardNotAlone');
    }
  });

  test('[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 has at least one character', () => {
    expect(checkTopicFilter('')).toBe('empty');
  });

  test('[MQTT-4.7.3-2] v5 [MQTT-4.7.3-2] v3.1.1 has no null character', () => {
    for (const filter of ['\0', 'a/\0', '+/\0/#']) expect(checkTopicFilter(filter)).toBe('nullCharacter');
  });

  test('[MQTT-4.7.3-3] v5 [MQTT-4.7.3-3] v3.1.1 takes at most 65,535 bytes of UTF-8', () => {
    for (const filter of [`${'a'.repeat(65_533)}/#`, `${'é'.repeat(32_766)}a/#`]) {
      expect(checkTopicFilter(filter)).toBeNull();
      expect(checkTopicFilter(`a${filter}`)).toBe('tooLong');
    }
  });

  test('[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 has no surrogate on its own', () => {
    expect(checkTopicFilter('a/\ud800/#')).toBe('illFormed');
    expect(checkTopicFilter('a/\ud83d\ude00/#')).toBeNull();
  });

  test('has at most as many levels and bytes as the caller allows', () => {
    expect(checkTopicFilter('a/+/#', 3)).toBeNull();
    expect(checkTopicFilter('a/+/+/#', 3)).toBe('tooManyLevels');
    expect(checkTopicFilter('é/#', 3, 4)).toBeNull();
    expect(checkTopicFilter('éa/#', 3, 4)).toBe('tooLong');
  });

  test('without wildcards is a topic name, and the other way round', () => {
    const characters = fc.constantFrom('a', '/', '#', '+', '\0', 'é', '😀', '\ud800', '$');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 8 }), (text) => {
        const valid = checkTopicFilter(text) === null;
        expect(checkTopicName(text) === null).toBe(valid && !hasWildcard(text));
      }),
    );
  });
});

describe('A shared subscription', () => {
  test.each([
    ['$share/group/a/b', 'group', 'a/b'],
    ['$share/g/#', 'g', '#'],
    ['$share/g//', 'g', '/'],
    ['$share/$share/$share/x/y', '$share', '$share/x/y'],
    ['$share/温/+', '温', '+'],
  ])('%s has a share name and a topic filter', (filter, shareName, topicFilter) => {
    expect(parseSharedFilter(filter)).toEqual({ shareName, topicFilter });
  });

  test('[MQTT-4.8.2-1] v5 begins with $share/ and a share name of at least one character', () => {
    for (const filter of ['a', '$shared/g/a', '$share', '/$share/g/a', '$SHARE/g/a']) {
      expect(isSharedFilter(filter)).toBe(false);
      expect(parseSharedFilter(filter)).toBe('notShared');
    }
    expect(parseSharedFilter('$share//a')).toBe('shareNameEmpty');
    expect(parseSharedFilter('$share/')).toBe('shareNameEmpty');
    expect(isSharedFilter('$share/')).toBe(true);
  });

  test('[MQTT-4.8.2-2] v5 has no wildcard in its share name, and a topic filter after it', () => {
    for (const filter of ['$share/+/a', '$share/a+/a', '$share/#', '$share/a#b/c']) {
      expect(parseSharedFilter(filter)).toBe('shareNameWildcard');
    }
    expect(parseSharedFilter('$share/g')).toBe('noTopicFilter');
    expect(parseSharedFilter('$share/g/')).toBe('noTopicFilter');
  });

  test('has a topic filter that is valid on its own, and a valid share name', () => {
    expect(parseSharedFilter('$share/g/a#')).toBe('wildcardNotAlone');
    expect(parseSharedFilter('$share/g/a/b/c', 2)).toBe('tooManyLevels');
    expect(parseSharedFilter('$share/g\0/a')).toBe('nullCharacter');
    expect(parseSharedFilter('$share/\ud800/a')).toBe('illFormed');
    expect(parseSharedFilter(`$share/g/${'a'.repeat(65_527)}`)).toBe('tooLong');
    expect(parseSharedFilter(`$share/g/${'a'.repeat(65_526)}`)).toHaveProperty('shareName', 'g');
  });
});

describe('Matching', () => {
  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['sport/#', 'sport'],
    ['#', 'a/b'],
    ['#', '/'],
    ['sport/tennis/+', 'sport/tennis/player1'],
    ['sport/+', 'sport/'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['+/tennis/#', 'sport/tennis'],
    ['$SYS/#', '$SYS/broker'],
    ['$SYS/monitor/+', '$SYS/monitor/Clients'],
    ['a/#', 'a/$b'],
    ['a/+', 'a/$b'],
    ['a', 'a'],
  ])('%s matches %s', (filter, name) => {
    expect(matches(filter, name)).toBe(true);
  });

  test.each([
    ['sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['sport/+', 'sport'],
    ['+', '/finance'],
    ['a', 'A'],
    ['a', '/a'],
    ['/a', 'a'],
    ['a/', 'a'],
    ['a/b/#', 'a'],
    ['a/b', 'a/b/c'],
  ])('%s does not match %s', (filter, name) => {
    expect(matches(filter, name)).toBe(false);
  });

  test('[MQTT-4.7.2-1] v5 [MQTT-4.7.2-1] v3.1.1 of a wildcard in the first level leaves out topics that begin with $', () => {
    for (const filter of ['#', '+/broker', '+/#', '+/+']) {
      expect(matches(filter, '$SYS/broker')).toBe(false);
      expect(matches(filter, 'SYS/broker')).toBe(true);
    }
    expect(matches('+', '$SYS')).toBe(false);
  });

  test('[MQTT-4.7.3-4] v5 [MQTT-4.7.3-4] v3.1.1 compares characters as they are', () => {
    expect(matches('\u00e9', 'e\u0301')).toBe(false); // the same letter, composed and decomposed
    expect(matches('\ufeffa', 'a')).toBe(false);
    expect(matches('a', 'A')).toBe(false);
  });
});
