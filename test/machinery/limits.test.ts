import { describe, expect, test } from 'vitest';
import { amount, render } from '../../scripts/limits.mjs';

describe('The document of limits', () => {
  test.each([
    [16 * 1024 * 1024, 'bytes', '16 MiB'],
    [1000, 'bytes', '1,000 bytes'],
    [0, 'bytes', '0 bytes'],
    [2 ** 46, 'bytes', '64 TiB'],
    [268_435_460, 'bytes', '268,435,460 bytes'],
    [100_000, 'messages', '100,000'],
  ])('writes %d %s as %s', (value, unit, text) => {
    expect(amount(value, unit)).toBe(text);
  });

  test('has a row for each limit, bound, rate and habit', () => {
    const row = {
      default: 1024,
      minimum: 1,
      maximum: 2048,
      unit: 'bytes',
      text: 'a thing',
      effect: 'it is dropped',
    };
    const lines = render(
      { thingBytes: row, things: { ...row, unit: 'things' } },
      {
        order: { default: [], values: 'text', text: 'an order' },
        full: { default: 'a', values: ['a', 'b'], text: 'x' },
      },
      { waitMs: { default: 5000, unit: 'ms', of: 'TCP', text: 'to wait', effect: 'it is closed' } },
      { cacheBytes: { value: 2048, unit: 'bytes', text: 'a cache', effect: 'it is emptied' } },
      { perSecond: { ...row, default: null, unit: 'a second', scopes: ['perUser', 'perClient'] } },
    ).split('\n');
    expect(lines).toContain('| `thingBytes` | 1 KiB | 1 byte to 2 KiB | a thing | it is dropped |');
    expect(lines).toContain('| `things` | 1,024 things | 1 to 2,048 | a thing | it is dropped |');
    expect(lines).toContain('| `waitMs` | TCP | 5,000 ms | to wait | it is closed |');
    expect(lines).toContain('| cacheBytes | 2 KiB | a cache | it is emptied |');
    expect(lines).toContain(
      '| `perSecond` | `perUser`, `perClient` | none | 1 to 2,048 a second | a thing | it is dropped |',
    );
    expect(lines).toContain('| `order` | none | a text | an order |');
    expect(lines).toContain('| `full` | `a` | `a`, `b` | x |');
  });
});
