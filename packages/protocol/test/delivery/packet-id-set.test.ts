import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketIdSet } from '../../src/delivery/packet-id-set.ts';

describe('a set of packet identifiers', () => {
  it('agrees with a Set, whatever comes and goes', () => {
    const operations = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 65_535 })), {
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(operations, fc.integer({ min: 1, max: 65_535 }), (steps, spread) => {
        const set = new PacketIdSet();
        const model = new Set<number>();
        for (const [add, number] of steps) {
          const packetId = (number % spread) + 1;
          if (add) expect(set.add(packetId)).toBe(!model.has(packetId));
          else expect(set.delete(packetId)).toBe(model.has(packetId));
          if (add) model.add(packetId);
          else model.delete(packetId);
          expect(set.size).toBe(model.size);
          expect(set.has(packetId)).toBe(add);
        }
        expect([...set].sort((a, b) => a - b)).toEqual([...model].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  it('holds every identifier there is', () => {
    const set = new PacketIdSet();
    for (let packetId = 1; packetId <= 65_535; packetId++) expect(set.add(packetId)).toBe(true);
    expect(set.size).toBe(65_535);
    for (let packetId = 65_535; packetId >= 1; packetId--) expect(set.delete(packetId)).toBe(true);
    expect(set.size).toBe(0);
  });
});
