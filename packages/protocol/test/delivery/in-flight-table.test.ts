import { InFlightTable } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('The in-flight table', () => {
  test('takes no memory before its first use', () => {
    const table = new InFlightTable<string>();
    expect([table.size, table.capacity]).toEqual([0, 0]);
    expect(table.stateOf(1)).toBe(0);
    expect(table.itemOf(1)).toBeNull();
    expect(table.free(1)).toBe(false);
    expect(table.inOrder()).toEqual([]);
    table.setState(1, 2);
    expect(table.capacity).toBe(0);
  });

  test('[MQTT-2.2.1-4] v5 [MQTT-2.3.1-4] v3.1.1 hands out identifiers that are not 0 and not in use, past 65,535 too', () => {
    const table = new InFlightTable<number>();
    const stuck = table.allocate(1, -1);
    expect(stuck).toBe(1);
    const inUse = new Set([stuck]);
    const others: number[] = [];
    for (let i = 0; i < 200_000; i++) {
      const packetId = table.allocate(1, i);
      if (packetId < 1 || packetId > 65_535 || inUse.has(packetId)) expect.fail(`${packetId} after ${i}`);
      inUse.add(packetId);
      others.push(packetId);
      if (others.length < 50) continue;
      const acknowledged = others.splice(i % 50, 1)[0]!;
      table.free(acknowledged);
      inUse.delete(acknowledged);
    }
    expect(table.stateOf(stuck)).toBe(1);
    expect(table.itemOf(stuck)).toBe(-1);
    expect(table.size).toBe(inUse.size);
  });

  test('passes over one identifier that is never acknowledged, without growing for it', () => {
    const table = new InFlightTable<string>();
    for (let i = 0; i < 10; i++) table.free(table.allocate(1, 'gone'));
    const stuck = table.allocate(2, 'stuck');
    const seen = new Set<number>();
    for (let i = 0; i < 65_534; i++) {
      const packetId = table.allocate(1, null);
      seen.add(packetId);
      table.free(packetId);
    }
    expect(seen.has(stuck)).toBe(false);
    expect(table.itemOf(stuck)).toBe('stuck');
    expect(table.capacity).toBe(16);
  });

  test('holds 65,535 messages and refuses one more', () => {
    const table = new InFlightTable<null>();
    const packetIds = new Set<number>();
    for (let i = 0; i < 65_535; i++) packetIds.add(table.allocate(1, null));
    expect(packetIds.size).toBe(65_535);
    expect(packetIds.has(0)).toBe(false);
    expect(table.allocate(1, null)).toBe(0);
    expect(table.size).toBe(65_535);
    table.free(1234);
    expect(table.allocate(1, null)).toBe(1234);
    expect(table.inOrder().at(-1)).toBe(1234);
  });

  test('gives the memory of a large burst back when nothing is in flight', () => {
    const table = new InFlightTable<null>();
    for (let i = 0; i < 10_000; i++) table.allocate(1, null);
    expect(table.capacity).toBe(16_384);
    for (let i = 1; i <= 10_000; i++) table.free(i);
    expect(table.capacity).toBe(16);
    expect(table.allocate(1, null)).toBe(10_001);
  });

  test('[MQTT-4.6.0-1] v5 [MQTT-4.6.0-1] v3.1.1 keeps the order of first sending, when identifiers wrap too', () => {
    const table = new InFlightTable<string>();
    table.insert(65_534, 1, 'first');
    table.insert(65_535, 3, 'second');
    expect(table.allocate(1, 'third')).toBe(1);
    expect(table.allocate(1, 'fourth')).toBe(2);
    table.setState(65_534, 3);
    table.insert(65_535, 2, 'second again');
    expect(table.inOrder()).toEqual([65_534, 65_535, 1, 2]);
    expect(table.inOrder().map((packetId) => table.itemOf(packetId))).toEqual([
      'first',
      'second again',
      'third',
      'fourth',
    ]);
  });

  test('keeps that order when the ring grows', () => {
    const table = new InFlightTable<null>();
    table.insert(65_530, 1, null);
    const packetIds = [65_530];
    for (let i = 0; i < 40; i++) packetIds.push(table.allocate(1, null));
    expect(table.capacity).toBe(64);
    expect(table.inOrder()).toEqual(packetIds);
  });

  test('restores identifiers that clash in a small ring', () => {
    const table = new InFlightTable<number>();
    const packetIds = [5, 21, 5 + 4096, 5 + 32_768, 65_535];
    for (const packetId of packetIds) table.insert(packetId, 1, packetId);
    expect(table.inOrder()).toEqual(packetIds);
    for (const packetId of packetIds) expect(table.itemOf(packetId)).toBe(packetId);
    expect(table.stateOf(6)).toBe(0);
  });

  test('agrees with a map under any order of use', () => {
    const packetId = fc.oneof(
      fc.integer({ min: 1, max: 65_535 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 65_500, max: 65_535 }),
    );
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('allocate'), value: fc.integer({ min: 1, max: 3 }) }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('freeNth'), value: fc.nat(100) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('free'), value: packetId }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('insert'), value: packetId }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('advanceNth'), value: fc.nat(100) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('skip'), value: fc.constantFrom(65_530, 65_535, 31_000) }),
      },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
        const table = new InFlightTable<object>();
        const model = new Map<number, { state: number; item: object }>();
        for (const { kind, value } of actions) {
          const nth = [...model.keys()][value % Math.max(1, model.size)] ?? 0;
          const item = {};
          if (kind === 'allocate') {
            const allocated = table.allocate(value, item);
            expect(allocated).toBeGreaterThan(0);
            expect(allocated).toBeLessThan(65_536);
            expect(model.has(allocated)).toBe(false);
            model.set(allocated, { state: value, item });
          } else if (kind === 'insert') {
            table.insert(value, 2, item);
            model.set(value, { state: 2, item });
          } else if (kind === 'advanceNth') {
            table.setState(nth, 3);
            if (model.has(nth)) model.get(nth)!.state = 3;
          } else if (kind === 'skip') {
            // As if everything up to this identifier had been sent and acknowledged.
            if (!model.has(value)) {
              table.insert(value, 1, item);
              table.free(value);
            }
          } else {
            const freed = kind === 'free' ? value : nth;
            expect(table.free(freed)).toBe(model.delete(freed));
          }
          expect(table.size).toBe(model.size);
        }
        expect(table.inOrder()).toEqual([...model.keys()]);
        for (const [each, { state, item }] of model) {
          expect(table.stateOf(each)).toBe(state);
          expect(table.itemOf(each)).toBe(item);
          if (!model.has(each ^ 0x4000)) expect(table.stateOf(each ^ 0x4000)).toBe(0);
        }
      }),
    );
  });
});
