import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChildTable } from '../../src/core/topics/child-table.ts';

interface Node {
  readonly parent: object;
  readonly text: string;
  readonly hash: number;
}

const parents = [{}, {}];

describe('The table of children', () => {
  test('finds a part of a longer text', () => {
    const table = new ChildTable<object, Node>();
    const node = { parent: parents[0]!, text: 'b/c', hash: 7 };
    table.add(node, 7);
    expect(table.find(parents[0]!, 'a/b/c/d', 2, 5, 7)).toBe(node);
    expect(table.find(parents[0]!, 'a/b/c/d', 2, 6, 7)).toBeUndefined();
    expect(table.find(parents[1]!, 'a/b/c/d', 2, 5, 7)).toBeUndefined();
    expect(table.find(parents[0]!, 'a/b/c/d', 2, 5, 8)).toBeUndefined();
  });

  test('is as small after it has been emptied as before', () => {
    const table = new ChildTable<object, Node>();
    const empty = table.capacity;
    const nodes = Array.from({ length: 10_000 }, (_, i) => ({
      parent: parents[0]!,
      text: `${i}`,
      hash: Math.imul(i + 1, 0x9e3779b1) || 1,
    }));
    for (const node of nodes) table.add(node, node.hash);
    expect(table.size).toBe(10_000);
    expect(table.capacity).toBeLessThan(40_000);
    for (const node of nodes) table.delete(node, node.hash);
    expect(table.size).toBe(0);
    expect(table.capacity).toBe(empty);
  });

  test('agrees with a list under any order of use, when most hashes clash too', () => {
    const node = fc.record({
      parent: fc.constantFrom(...parents),
      text: fc.constantFrom('', 'a', 'b', 'a/b', 'c', 'd', 'e', 'f'),
      hash: fc.constantFrom(1, 2, 3, 7, 8, 9, 15, 16, 17, -1),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), node), { maxLength: 200, size: 'max' }), (actions) => {
        const table = new ChildTable<object, Node>();
        const model: Node[] = [];
        for (const [add, { parent, text, hash }] of actions) {
          const index = model.findIndex(
            (each) => each.parent === parent && each.text === text && each.hash === hash,
          );
          expect(table.find(parent, text, 0, text.length, hash)).toBe(model[index]);
          if (add && index === -1) {
            const added = { parent, text, hash };
            table.add(added, hash);
            model.push(added);
          } else if (!add && index !== -1) {
            table.delete(model[index]!, hash);
            model.splice(index, 1);
          }
        }
        expect(table.size).toBe(model.length);
        for (const each of model)
          expect(table.find(each.parent, each.text, 0, each.text.length, each.hash)).toBe(each);
      }),
      { numRuns: 300 },
    );
  });
});
