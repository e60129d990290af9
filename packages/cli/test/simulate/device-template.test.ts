// What a device says: texts with places, and JSON that stays JSON whatever it is filled with.

import { describe, expect, test } from 'vitest';
import { DeviceTemplate } from '../../src/simulate/device-template.ts';

const NAMES = ['t', 'word', 'wicked', 'off-by'];

function filled(value: unknown, values: Readonly<Record<string, string>> = {}): string {
  return DeviceTemplate.of(value, NAMES, { HOME: '/home/ann' }).fill({
    index: 4,
    number: 3,
    deviceName: 'lamp',
    wallMs: () => Date.UTC(2026, 0, 2),
    random: () => 0.5,
    value: (name) => values[name] ?? '21.5',
  });
}

test('a text is filled in as it is', () => {
  expect(filled('a/{{n}}/{{ name }}/{{t}}/{{i}}/{{env HOME}}/{{off-by}}')).toBe(
    'a/3/lamp/21.5/4//home/ann/21.5',
  );
  expect(filled('"{{t}}" {{open}}n}}')).toBe('"21.5" {{n}}');
  expect(filled('')).toBe('');
});

test('a value of the device counts more than a function of that name', () => {
  const template = DeviceTemplate.of('{{now}}', ['now'], {});
  const context = { index: 0, number: 1, deviceName: '', wallMs: () => 0, random: () => 0 };
  expect(template.fill({ ...context, value: () => 'mine' })).toBe('mine');
});

describe('JSON', () => {
  test.each([
    ['21.5', '{"v":21.5}'],
    ['-0.5e-3', '{"v":-0.5e-3}'],
    ['0', '{"v":0}'],
    ['true', '{"v":true}'],
    ['null', '{"v":null}'],
    ['on', '{"v":"on"}'],
    ['007', '{"v":"007"}'],
    ['1.', '{"v":"1."}'],
    ['NaN', '{"v":"NaN"}'],
    ['say "hi"\n\\', '{"v":"say \\"hi\\"\\n\\\\"}'],
  ])('a place alone that is filled with %j gives %s', (value, expected) => {
    expect(filled({ v: '{{word}}' }, { word: value })).toBe(expected);
  });

  test('a place among other text is text, escaped', () => {
    expect(filled({ v: 'it is {{t}}' })).toBe('{"v":"it is 21.5"}');
    expect(filled({ v: '{{t}}{{t}}' })).toBe('{"v":"21.521.5"}');
    expect(filled({ v: 'x"{{wicked}}' }, { wicked: '"}' })).toBe('{"v":"x\\"\\"}"}');
    expect(filled({ v: ' {{t}}' })).toBe('{"v":" 21.5"}');
  });

  test('times and digits by chance stay text', () => {
    expect(filled({ at: '{{now iso}}' })).toBe('{"at":"2026-01-02T00:00:00.000Z"}');
    expect(filled({ at: '{{now}}' })).toBe('{"at":1767312000000}');
    expect(filled({ id: '{{hex 2}}' })).toMatch(/^\{"id":"[0-9a-f]{4}"\}$/);
  });

  test('is whole: names, lists, objects in objects, and what has no places', () => {
    const value = { 'room{{n}}': [1, true, null, '{{t}}', { deep: ['{{name}}'] }], empty: {}, none: [] };
    const text = filled(value);
    expect(text).toBe('{"room3":[1,true,null,21.5,{"deep":["lamp"]}],"empty":{},"none":[]}');
    expect(filled(['{{n}}'])).toBe('[3]');
    expect(filled(7)).toBe('7');
    expect(filled(false)).toBe('false');
  });
});

test.each([
  ['{{tt}}', /in \{\{…\}\}, got 'tt'/],
  ['{{rand 1}}', /\{\{rand\}\}: expected low high/],
  [{ a: ['{{t'] }, /expected \}\} after/],
])('%j is refused', (value, text) => {
  expect(() => filled(value)).toThrow(text);
});

test('what is too deep is refused', () => {
  let value: unknown = 'x';
  for (let i = 0; i < 200; i++) value = [value];
  expect(() => filled(value)).toThrow('expected at most 100 objects in each other, got more');
});
