import { describe, expect, test } from 'vitest';
import { nearest } from '../../src/flags/nearest.ts';
import {
  decimal,
  duration,
  leadingDecimal,
  leadingInteger,
  oneOf,
  textLike,
  wholeNumber,
} from '../../src/flags/value-parsers.ts';

describe('A number', () => {
  test('is whole and within bounds, both included', () => {
    const parse = wholeNumber(0, 65_535, (got) => `Invalid port given: ${got}`);
    expect(['0', '65535', '007', '  1 '].map(parse)).toEqual([0, 65_535, 7, 1]);
    for (const wrong of [
      '65536',
      '-1',
      '',
      ' ',
      '1 2',
      '\t1',
      '0x10',
      '1.0',
      '1e3',
      '９',
      '99999999999999999999',
    ]) {
      expect(() => parse(wrong)).toThrow('expected a whole number from 0 to 65535, got');
    }
    expect(() => parse('x')).toThrow(expect.objectContaining({ mosquittoText: 'Invalid port given: x' }));
  });

  test('may have a fraction where that is allowed', () => {
    const parse = decimal(0, 10);
    expect(['0.5', '.25', '2.', '1e1', '10'].map(parse)).toEqual([0.5, 0.25, 2, 10, 10]);
    for (const wrong of ['10.1', '-0.1', '.', 'NaN', 'Infinity', '1e', '', '0,5'])
      expect(() => parse(wrong)).toThrow('expected a number from 0 to 10, got');
  });

  test('is read as C does where Mosquitto does', () => {
    const whole = leadingInteger(wholeNumber(-9, 99));
    expect(['1.5', '60s', ' \t7', '+3', '-4x', '', 'x', '0x10'].map(whole)).toEqual([
      1, 60, 7, 3, -4, 0, 0, 0,
    ]);
    expect(() => whole('100.5')).toThrow("from -9 to 99, got '100'");
    const fraction = leadingDecimal(decimal(0, 1000));
    expect(['0.5s', '.25', '2.', '1e2x', 'x', ''].map(fraction)).toEqual([0.5, 0.25, 2, 100, 0, 0]);
  });

  test('of time has a unit, and is in seconds without one', () => {
    const parse = duration(0, 3_600_000);
    expect(['250ms', '10s', '1.5m', '1h', '2', '.5'].map(parse)).toEqual([
      250, 10_000, 90_000, 3_600_000, 2000, 500,
    ]);
    for (const wrong of ['2h', '1d', 's', '-1s', '1 s', ''])
      expect(() => parse(wrong)).toThrow('such as 250ms, 10s or 5m');
  });
});

describe('A word', () => {
  test('stands for a value', () => {
    const parse = oneOf({ mqttv5: 5, '5': 5, '311': 4 });
    expect(['mqttv5', '5', '311'].map(parse)).toEqual([5, 5, 4]);
    expect(() => parse('4')).toThrow("expected 5, 311, mqttv5, got '4'");
    // No word of every object.
    expect(() => parse('toString')).toThrow('expected');
  });

  test('fits a pattern', () => {
    const parse = textLike(/^[a-z]+$/, 'small letters');
    expect(parse('abc')).toBe('abc');
    expect(() => parse('aBc')).toThrow("expected small letters, got 'aBc'");
  });
});

describe('The nearest word', () => {
  const names = ['--host', '--port', '--help', '-h', '--will-topic', '--will-payload'];

  test.each([
    ['--hots', '--host'],
    ['--hst', '--host'],
    ['-host', '--host'],
    ['--prot', '--port'],
    ['--will-topics', '--will-topic'],
    ['--wil-tpoic', '--will-topic'],
    ['--nothing-like-it', undefined],
    ['', undefined],
    ['y'.repeat(100), undefined],
  ])('to %j is %j', (word, expected) => {
    expect(nearest(word, names)).toBe(expected);
  });

  test('is the first of equals', () => {
    expect(nearest('bat', ['cat', 'hat'])).toBe('cat');
  });
});
