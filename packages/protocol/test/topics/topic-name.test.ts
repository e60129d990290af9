import { checkTopicName, isValidTopicNameBytes, TOPIC_PROBLEMS } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const encoder = new TextEncoder();

function isValidAsBytes(name: string): boolean {
  const bytes = encoder.encode(name);
  // Surrounded by what would be refused: only the range counts.
  const padded = new Uint8Array(bytes.length + 4).fill(0x23);
  padded.set(bytes, 2);
  return isValidTopicNameBytes(padded, 2, 2 + bytes.length);
}

describe('A topic name', () => {
  test.each([
    'a',
    '/',
    '//',
    'a/b',
    '/a',
    'a/',
    ' ',
    'Übung/温度/😀',
    '$SYS/broker',
    '\ufeffa',
    'a'.repeat(65_535),
  ])('may be %j', (name) => {
    expect(checkTopicName(name)).toBeNull();
    expect(isValidAsBytes(name)).toBe(true);
  });

  test('[MQTT-4.7.0-1] v5 [MQTT-4.7.1-1] v3.1.1 [MQTT-3.3.2-2] v5 [MQTT-3.3.2-2] v3.1.1 has no wildcard', () => {
    for (const name of ['#', '+', 'a/#', 'a/+/b', 'a+', '#a', 'é+']) {
      expect(checkTopicName(name)).toBe('wildcard');
      expect(isValidAsBytes(name)).toBe(false);
    }
  });

  test('[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 has at least one character', () => {
    expect(checkTopicName('')).toBe('empty');
    expect(isValidAsBytes('')).toBe(false);
    expect(isValidTopicNameBytes(encoder.encode('ab'), 2, 1)).toBe(false);
  });

  test('[MQTT-4.7.3-2] v5 [MQTT-4.7.3-2] v3.1.1 has no null character', () => {
    for (const name of ['\0', 'a\0', 'a/\0/b', 'é\0']) {
      expect(checkTopicName(name)).toBe('nullCharacter');
      expect(isValidAsBytes(name)).toBe(false);
    }
  });

  test('[MQTT-4.7.3-3] v5 [MQTT-4.7.3-3] v3.1.1 takes at most 65,535 bytes of UTF-8', () => {
    const longest = [
      'a'.repeat(65_535),
      `${'é'.repeat(32_767)}a`,
      '温'.repeat(21_845),
      `${'😀'.repeat(16_383)}温`,
    ];
    for (const name of longest) {
      expect(checkTopicName(name)).toBeNull();
      expect(isValidAsBytes(name)).toBe(true);
      expect(checkTopicName(`${name}a`)).toBe('tooLong');
      expect(isValidAsBytes(`${name}a`)).toBe(false);
    }
  });

  test('[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 has no surrogate on its own', () => {
    for (const name of ['\ud800', 'a\udc00', '\ud83da', '\ude00\ud83d', 'a/\ud83d']) {
      expect(checkTopicName(name)).toBe('illFormed');
    }
    expect(checkTopicName('\ud83d\ude00')).toBeNull();
  });

  test('has at most as many levels and bytes as the caller allows', () => {
    expect(checkTopicName('a/b/c', 3)).toBeNull();
    expect(checkTopicName('a/b/c/', 3)).toBe('tooManyLevels');
    expect(checkTopicName('abé', 3, 4)).toBeNull();
    expect(checkTopicName('abéd', 3, 4)).toBe('tooLong');
    expect(checkTopicName('abcde', 3, 4)).toBe('tooLong');
    expect(checkTopicName('/'.repeat(199))).toBeNull();
    expect(checkTopicName('/'.repeat(200))).toBe('tooManyLevels');
  });

  test('is judged the same as a string and as bytes', () => {
    const characters = fc.constantFrom('a', '/', '#', '+', '\0', 'é', '温', '😀', '$');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 12 }), (name) => {
        expect(isValidAsBytes(name)).toBe(checkTopicName(name) === null);
      }),
    );
  });

  test('is refused with a reason that can be told', () => {
    expect(TOPIC_PROBLEMS[checkTopicName('a/#')!]).toBe('contains a wildcard, which only topic filters may');
  });
});
