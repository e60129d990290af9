import { describe, expect, test } from 'vitest';
import { typedWords } from '../src/typed-words.ts';

/** A process that was started with these bytes; `\0` ends each word. */
function startedWith(latin1: string, platform: NodeJS.Platform = 'linux') {
  return { platform, commandLine: () => Buffer.from(latin1, 'latin1') };
}

describe('The words of the command line', () => {
  test('are made from the bytes that were typed', () => {
    const words = ['-t', 'r\u{fffd}om', '-m', 'a\u{fffd}b\u{fffd}\u{fffd}', ''];
    const start = startedWith('node\0mosquitto_pub\0-t\0r\xefom\0-m\0a\xe9b\xff\xfe\0\0');
    expect(typedWords(words, start)).toEqual(['-t', 'r\udcefom', '-m', 'a\udce9b\udcff\udcfe', '']);
  });

  test('stay as they are where U+FFFD itself was typed', () => {
    expect(typedWords(['\u{fffd}'], startedWith('node\0pub\0\xef\xbf\xbd\0'))).toEqual(['\u{fffd}']);
  });

  test('stay as they are where words are no bytes', () => {
    expect(typedWords(['\u{fffd}'], startedWith('', 'win32'))).toEqual(['\u{fffd}']);
  });

  test('are refused where the bytes cannot be found out', () => {
    const silent = {
      platform: 'darwin',
      commandLine: () => {
        throw new Error('there is no such file');
      },
    } as const;
    expect(() => typedWords(['\u{fffd}'], silent)).toThrow('expected words in UTF-8, got other bytes');
  });

  test.each([['node\0other\0'], [''], ['x']])('are refused where the system tells of others: %j', (other) => {
    expect(() => typedWords(['-m', '\u{fffd}'], startedWith(other))).toThrow('expected words in UTF-8');
  });
});
