import { describe, expect, test } from 'vitest';
import { keyOf } from '../../src/terminal/keyboard.ts';
import { shortAge, shortAmount, shortRate } from '../../src/terminal/short-amount.ts';
import { sparkline } from '../../src/terminal/sparkline.ts';
import { typedText } from '../../src/terminal/typed-text.ts';

describe('amounts in few columns', () => {
  test.each([
    [0, '0'],
    [9999, '9999'],
    [10_000, '10.0k'],
    [99_949, '99.9k'],
    [99_950, '100k'],
    [999_499, '999k'],
    [999_500, '1.0M'],
    [4.2e15, '4.2P'],
  ])('%d is %s', (amount, text) => {
    expect(shortAmount(amount)).toBe(text);
  });

  test.each([
    [0, '0'],
    [0.01, '<0.1'],
    [0.25, '0.3'],
    [9.94, '9.9'],
    [9.96, '10'],
    [56_000, '56.0k'],
  ])('a rate of %d is %s', (rate, text) => {
    expect(shortRate(rate)).toBe(text);
  });

  test.each([
    [-5, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [3_600_000, '1h'],
    [86_399_999, '23h'],
    [86_400_000, '1d'],
  ])('%d ms ago is %s', (ms, text) => {
    expect(shortAge(ms)).toBe(text);
  });
});

describe('a row of bars', () => {
  test.each([
    [[0, 1, 2, 3, 4, 5, 6, 7], 8, '▁▂▃▄▅▆▇█'],
    [[100, 1, 2, 3], 3, '▁▅█'],
    [[5, 5, 5], 3, '▅▅▅'],
    [[], 8, ''],
    [[-1e308, 1e308], 2, '▁▁'],
  ])('%j in %i columns is %s', (values, columns, bars) => {
    expect(sparkline(values, columns)).toBe(bars);
  });

  test('amounts begin at nothing', () => {
    expect(sparkline([8, 4, 8], 3, true)).toBe('█▅█');
    expect(sparkline([0, 0], 3, true)).toBe('▁▁');
  });
});

describe('what is typed', () => {
  test('is added, taken back and taken back in all', () => {
    expect(typedText('a', 'b')).toBe('ab');
    expect(typedText('a', 'space')).toBe('a ');
    expect(typedText('a\u{1f426}', 'backspace')).toBe('a');
    expect(typedText('abc', 'ctrl-u')).toBe('');
    expect(typedText('abc', 'tab')).toBeUndefined();
  });

  test('ends at 200 characters', () => {
    expect(typedText('x'.repeat(199), 'y')).toHaveLength(200);
    expect(typedText('x'.repeat(200), 'y')).toHaveLength(200);
  });
});

describe('a key', () => {
  test.each([
    ['q', { name: 'q', sequence: 'q' }, 'q'],
    ['G', { name: 'g', sequence: 'G' }, 'G'],
    ['\u0003', { name: 'c', ctrl: true }, 'ctrl-c'],
    [undefined, { name: 'up', sequence: '\u001b[A' }, 'up'],
    ['\n', { name: 'enter' }, 'return'],
    [' ', { name: 'space' }, 'space'],
    ['ä', { sequence: 'ä' }, 'ä'],
    ['\u001bx', { sequence: '\u001bx' }, undefined],
    [undefined, { name: 'f1', sequence: '\u001bOP' }, undefined],
    ['\u0000', { sequence: '\u0000' }, undefined],
  ])('%j is %j as %s', (text, pressed, key) => {
    expect(keyOf(text, pressed)).toBe(key);
  });
});
