import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PairTable } from '../../../../src/stores/disk/tools/state/pair-table.ts';

describe('PairTable', () => {
  test('agrees with a map, whatever is added and removed', () => {
    const number = fc.oneof(
      fc.integer({ min: -3, max: 20 }),
      fc.integer({ min: 0, max: 20 }).map((each) => each * 2 ** 32 + 1),
    );
    const step = fc.tuple(fc.constantFrom('add', 'add', 'remove'), number, number);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new PairTable();
        const model = new Map<string, number>();
        for (const [operation, first, second] of steps) {
          const pair = `${first},${second}`;
          const row = table.find(first, second);
          expect(row).toBe(model.get(pair) ?? -1);
          if (operation === 'add' && row < 0) model.set(pair, table.add(first, second));
          if (operation === 'remove' && row >= 0) {
            table.remove(row);
            model.delete(pair);
          }
        }
        expect(table.size).toBe(model.size);
        expect(new Set(model.values()).size).toBe(model.size);
        for (const [pair, row] of model) {
          expect(`${table.first(row)},${table.second(row)}`).toBe(pair);
          expect(table.find(table.first(row), table.second(row))).toBe(row);
          expect(row).toBeLessThan(table.capacity);
        }
      }),
    );
  });

  test('finds a hundred thousand rows again after it has grown', () => {
    const table = new PairTable();
    for (let i = 0; i < 100_000; i++) table.add(i, i % 7);
    for (let i = 0; i < 100_000; i += 2) table.remove(table.find(i, i % 7));
    let wrong = 0;
    for (let i = 0; i < 100_000; i++) if (table.find(i, i % 7) >= 0 !== (i % 2 === 1)) wrong++;
    expect(wrong).toBe(0);
    expect(table.top).toBe(100_000);
    table.add(-1, -1);
    expect([table.size, table.top]).toEqual([50_001, 100_000]);
  });
});
