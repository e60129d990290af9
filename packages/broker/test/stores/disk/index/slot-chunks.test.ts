import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takenList, waitingList } from '../../../../src/stores/disk/index/entry-lists.ts';
import { EntrySlots } from '../../../../src/stores/disk/index/entry-slots.ts';
import { MessageSlots } from '../../../../src/stores/disk/index/message-slots.ts';
import type { SlotChunk } from '../../../../src/stores/disk/index/slot-chunks.ts';
import { SLOTS, SlotChunks } from '../../../../src/stores/disk/index/slot-chunks.ts';
import { SplitColumn } from '../../../../src/stores/disk/index/split-column.ts';

const NEVER = Number.POSITIVE_INFINITY;

class BareChunk implements SlotChunk {
  count = 0;
  used = 0;
  free = 0;
  readonly links: Uint32Array = new Uint32Array(SLOTS);
}

function chunksHeld(chunks: SlotChunks<BareChunk>): number {
  return chunks.list.filter((chunk) => chunk !== null).length;
}

describe('SlotChunks', () => {
  test('gives each number once, whatever comes and goes over several chunks, and keeps no empty chunk but one', () => {
    const step = fc.record({
      adds: fc.boolean(),
      things: fc.integer({ min: 1, max: SLOTS + 100 }),
      from: fc.nat(4 * SLOTS),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const chunks = new SlotChunks(() => new BareChunk());
        let held: number[] = [];
        for (const { adds, things, from } of steps) {
          if (adds) {
            for (let i = 0; i < things; i++) held.push(chunks.add());
          } else {
            const gone = held.splice(from % Math.max(1, held.length), things);
            for (const number of gone) chunks.free(number);
          }
          expect(new Set(held).size).toBe(held.length);
          expect(chunks.count).toBe(held.length);
          expect(held.every((number) => number > 0 && number < chunks.end)).toBe(true);
          const inUse = new Set(held.map((number) => Math.floor(number / SLOTS)));
          expect(chunksHeld(chunks) - inUse.size).toBeLessThanOrEqual(1);
          for (const index of inUse) expect(chunks.list[index]).not.toBeNull();
        }
        for (const number of held) chunks.free(number);
        held = [];
        expect([chunks.count, chunksHeld(chunks)]).toEqual([0, 1]);
      }),
      { numRuns: 30 },
    );
  });

  test('uses the room of what is gone before it asks for more', () => {
    const chunks = new SlotChunks(() => new BareChunk());
    const numbers = Array.from({ length: 3 * SLOTS - 1 }, () => chunks.add());
    const gone = numbers.filter((number) => number % 3 === 0);
    for (const number of gone) chunks.free(number);
    const again = gone.map(() => chunks.add());
    expect(again.toSorted((a, b) => a - b)).toEqual(gone.toSorted((a, b) => a - b));
    expect(chunks.end).toBe(3 * SLOTS);
    expect(chunks.add()).toBe(3 * SLOTS);
  });

  test('makes a chunk that went anew before it makes one more', () => {
    const chunks = new SlotChunks(() => new BareChunk());
    const numbers = Array.from({ length: 3 * SLOTS - 1 }, () => chunks.add());
    for (const number of numbers) if (number < 2 * SLOTS) chunks.free(number);
    expect(chunks.list.slice(0, 2)).toEqual([null, null]);
    const again = Array.from({ length: 2 * SLOTS - 1 }, () => chunks.add());
    expect(again).not.toContain(0);
    expect(again.every((number) => number < 2 * SLOTS)).toBe(true);
    expect(chunks.end).toBe(3 * SLOTS);
  });
});

describe('SplitColumn', () => {
  test('agrees with an array of 32 bits, whichever size comes first', () => {
    const value = fc.oneof(
      fc.nat(0xffff),
      fc.constantFrom(0, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, -1, -0x8000, -0x8000_0000),
      fc.integer({ min: -0x8000_0000, max: 0xffff_ffff }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(7), value), { maxLength: 40 }), (sets) => {
        const column = new SplitColumn(new Uint16Array(SLOTS));
        const model = new Uint32Array(8);
        for (const [place, number] of sets) {
          column.set(place, number);
          model[place] = number;
          for (let at = 0; at < 8; at++) {
            expect(column.get(at)).toBe(model[at]);
            expect(column.getSigned(at)).toBe(model[at]! | 0);
          }
        }
      }),
    );
  });
});

describe('MessageSlots in chunks', () => {
  test('count more than 65,535 references to one message, and none of them to its neighbours', () => {
    const slots = new MessageSlots();
    const [before, number, after] = [slots.add(1), slots.add(2), slots.add(3)];
    slots.refer(before);
    for (let i = 0; i < 70_000; i++) slots.refer(number);
    expect([before, number, after].map((each) => slots.referencesOf(each))).toEqual([1, 70_000, 0]);
    for (let left = 69_999; left > 0; left--)
      if (slots.unrefer(number) !== left) expect.fail(`not ${left} left`);
    expect(slots.unrefer(number)).toBe(0);
    slots.free(number);
    const next = slots.add(4);
    expect([next, slots.referencesOf(next)]).toEqual([number, 0]);
  });

  test('hold messages whose every number is large, and small ones in their place afterwards', () => {
    const slots = new MessageSlots();
    const large = slots.add(2 ** 48 - 1);
    slots.describe(large, 268_435_455, 268_500_000, 2, true, false);
    // A topic name and properties may be 65,535 bytes each, and more.
    slots.place(large, 70_000, 0xffff_fff0, 268_435_455 + 140_000, 0xffff_ffff);
    slots.setExpiry(large, 1e15 + 0.5);
    expect([slots.idOf(large), slots.segmentOf(large), slots.offsetOf(large)]).toEqual([
      2 ** 48 - 1,
      70_000,
      0xffff_fff0,
    ]);
    expect([slots.lengthOf(large), slots.payloadBytesOf(large), slots.costOf(large)]).toEqual([
      268_575_455, 268_435_455, 268_500_000,
    ]);
    expect([slots.checksumOf(large), slots.expiryOf(large)]).toEqual([0xffff_ffff, 1e15 + 0.5]);
    expect([slots.qosOf(large), slots.retainOf(large), slots.isTransient(large)]).toEqual([2, true, false]);
    expect([slots.payloadBytes, slots.storedBytes]).toEqual([268_435_455, 268_575_455]);
    slots.free(large);
    expect([slots.count, slots.payloadBytes, slots.storedBytes]).toEqual([0, 0, 0]);
    const small = slots.add(5);
    expect(small).toBe(large);
    expect([slots.segmentOf(small), slots.lengthOf(small), slots.payloadBytesOf(small)]).toEqual([0, 0, 0]);
    expect([slots.costOf(small), slots.expiryOf(small), slots.idOf(small)]).toEqual([0, NEVER, 5]);
  });

  test('move from a segment below 65,536 to one above and back', () => {
    const slots = new MessageSlots();
    const number = slots.add(1);
    for (const segment of [65_535, 65_536, 131_071, 1]) {
      slots.place(number, segment, 64, 10, 0);
      expect(slots.nextIn(segment, 1, slots.end)).toBe(number);
      expect(slots.nextIn(segment ^ 0x2_0000, 1, slots.end)).toBe(slots.end);
    }
  });

  test('are found by their segment across chunks that are gone', () => {
    const slots = new MessageSlots();
    const numbers = Array.from({ length: 4 * SLOTS - 1 }, (_, i) => {
      const number = slots.add(i + 1);
      slots.place(number, 1 + (i % 5), 64, 10, 0);
      return number;
    });
    const isGone = (number: number): boolean => number >= SLOTS && number < 3 * SLOTS;
    for (const number of numbers) if (isGone(number)) slots.free(number);
    const found: number[] = [];
    for (let at = slots.nextIn(3, 1, slots.end); at < slots.end; at = slots.nextIn(3, at + 1, slots.end))
      found.push(at);
    expect(found).toEqual(numbers.filter((number, i) => i % 5 === 2 && !isGone(number)));
    expect([slots.idOf(2 * SLOTS), slots.expiryOf(2 * SLOTS), slots.idOf(9 * SLOTS)]).toEqual([0, NEVER, 0]);
    expect(slots.nextIn(3, SLOTS, 3 * SLOTS - 7)).toBe(3 * SLOTS - 7);
  });
});

describe('EntrySlots in chunks', () => {
  test('hold keys and segments of any size, with a sign where there is one', () => {
    const entries = new EntrySlots();
    const keys = [0, 1, -1, 65_535, 65_536, -65_536, 0x7fff_ffff, -0x8000_0000];
    const segments = [0, 1, 65_535, 65_536, 0xffff_ffff];
    const numbers = keys.map((key, i) => entries.add(key, 1, 1, false, segments[i % segments.length]!));
    expect(numbers.map((entry) => entries.keyOf(entry))).toEqual(keys);
    expect(numbers.map((entry) => entries.segmentOf(entry))).toEqual(
      keys.map((_, i) => segments[i % segments.length]),
    );
    expect(numbers.map((entry) => entries.isTransient(entry))).toEqual(
      keys.map((_, i) => i % segments.length === 0),
    );
    for (const entry of numbers) entries.setKey(entry, -entries.keyOf(entry) - 1);
    expect(numbers.map((entry) => entries.keyOf(entry))).toEqual(keys.map((key) => -key - 1));
    expect(entries.moveRecords(65_536, 65_535)).toBe(1);
    expect(numbers.filter((entry) => entries.segmentOf(entry) === 65_535)).toEqual(
      [numbers[2], numbers[7], numbers[3]].toSorted(),
    );
  });

  test('keep their order in lists that go through many chunks, and leave nothing when they are gone', () => {
    const entries = new EntrySlots();
    entries.lists.begin(1);
    const [waiting, taken] = [waitingList(1), takenList(1)];
    const count = 3 * SLOTS;
    for (let i = 0; i < count; i++) entries.append(waiting, entries.add(i, i + 1, 1, false, 7));
    for (let i = 0; i < count; i += 2) {
      const entry = entries.lists.firstOf(waiting);
      entries.remove(waiting, entry);
      entries.append(taken, entry);
      entries.setFlight(entry, 1 + (i % 65_535), 4);
    }
    let key = 0;
    for (const list of [taken, waiting]) {
      for (let at = entries.lists.firstOf(list); at !== 0; at = entries.nextOf(at), key++) {
        const packetId = list === taken ? 1 + ((2 * key) % 65_535) : 0;
        if (entries.keyOf(at) !== key || entries.packetIdOf(at) !== packetId) expect.fail(`at key ${key}`);
      }
    }
    expect(key).toBe(count);
    for (const list of [waiting, taken]) {
      for (let at = entries.lists.firstOf(list); at !== 0; at = entries.lists.firstOf(list)) {
        entries.remove(list, at);
        entries.free(at);
      }
    }
    expect([entries.count, entries.lists.lastOf(waiting), entries.lists.lastOf(taken)]).toEqual([0, 0, 0]);
    const again = entries.add(5, 6, 0, true, 7);
    expect([entries.packetIdOf(again), entries.stateOf(again), entries.isWaiting(again)]).toEqual([
      0,
      0,
      false,
    ]);
    expect([entries.hasExtras(again), entries.qosOf(again), entries.retainOf(again)]).toEqual([
      false,
      0,
      true,
    ]);
  });
});
