import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takenList, waitingList } from '../../../../src/stores/disk/index/entry-lists.ts';
import { EntrySlots } from '../../../../src/stores/disk/index/entry-slots.ts';
import { KeyTable } from '../../../../src/stores/disk/index/key-table.ts';
import { MessageSlots } from '../../../../src/stores/disk/index/message-slots.ts';
import { Owners } from '../../../../src/stores/disk/index/owners.ts';
import { SegmentCounts } from '../../../../src/stores/disk/index/segment-counts.ts';

const NEVER = Number.POSITIVE_INFINITY;

interface MessageModel {
  readonly id: number;
  readonly payloadBytes: number;
  readonly expiry: number;
  segment: number;
  offset: number;
}

describe('MessageSlots', () => {
  const step = fc.record({
    kind: fc.constantFrom('add', 'add', 'add', 'free', 'move', 'free all'),
    a: fc.nat(1000),
  });

  test('agrees with a map, whatever is added, freed and moved', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const slots = new MessageSlots();
        const model = new Map<number, MessageModel>();
        let nextId = 1;
        const free = (number: number): void => {
          slots.free(number);
          model.delete(number);
          expect(slots.idOf(number)).toBe(0);
        };
        for (const { kind, a } of steps) {
          if (kind === 'add') {
            const message: MessageModel = {
              id: nextId++,
              payloadBytes: a,
              expiry: a % 3 === 0 ? a : NEVER,
              segment: 1 + (a % 4),
              offset: a * 10,
            };
            const number = slots.add(message.id);
            expect(model.has(number)).toBe(false);
            slots.describe(number, a, a + 128, (a % 3) as 0 | 1 | 2, a % 2 === 0, false);
            slots.place(number, message.segment, message.offset, 10, a);
            slots.setExpiry(number, message.expiry);
            model.set(number, message);
          } else if (kind === 'free') {
            const number = [...model.keys()][a % Math.max(1, model.size)];
            if (number !== undefined) free(number);
          } else if (kind === 'free all') {
            for (const number of [...model.keys()]) free(number);
          } else {
            const number = [...model.keys()][a % Math.max(1, model.size)];
            const message = number === undefined ? undefined : model.get(number);
            if (number !== undefined && message !== undefined) {
              message.segment = 9;
              message.offset += 50_000;
              slots.place(number, 9, message.offset, 10, a);
              expect(slots.checksumOf(number)).toBe(a);
            }
          }
          expect([slots.count, slots.storedBytes]).toEqual([model.size, model.size * 10]);
        }
        let payloadBytes = 0;
        for (const [number, message] of model) {
          payloadBytes += message.payloadBytes;
          expect(slots.idOf(number)).toBe(message.id);
          expect([slots.segmentOf(number), slots.offsetOf(number)]).toEqual([
            message.segment,
            message.offset,
          ]);
          expect([slots.expiryOf(number), slots.costOf(number)]).toEqual([
            message.expiry,
            message.payloadBytes + 128,
          ]);
          expect(number).toBeLessThan(slots.end);
        }
        expect(slots.payloadBytes).toBe(payloadBytes);
      }),
      { numRuns: 200 },
    );
  });
});

describe('EntrySlots', () => {
  const step = fc.record({
    kind: fc.constantFrom('append', 'append', 'prepend', 'remove', 'remove first', 'walk'),
    list: fc.nat(3),
    a: fc.nat(1000),
  });

  test('agrees with arrays, and who walks along a list meets all that stays in it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const entries = new EntrySlots();
        for (const owner of [1, 2]) entries.lists.begin(owner);
        const lists = [waitingList(1), takenList(1), waitingList(2), takenList(2)];
        const model: number[][] = [[], [], [], []];
        /** What the walk has still to meet. */
        let ahead: number[] = [];
        const remove = (list: number, at: number): void => {
          const [entry] = model[list]!.splice(at, 1);
          if (entry === undefined) return;
          entries.remove(lists[list]!, entry);
          entries.free(entry);
          ahead = ahead.filter((each) => each !== entry);
        };
        for (const { kind, list, a } of steps) {
          if (kind === 'append' || kind === 'prepend') {
            const entry = entries.add(a - 500, a + 1, (a % 3) as 0 | 1 | 2, a % 2 === 0, 7);
            expect(model.flat()).not.toContain(entry);
            entries[kind](lists[list]!, entry);
            if (kind === 'append') model[list]!.push(entry);
            else model[list]!.unshift(entry);
            entries.setFlight(entry, a, 3);
            entries.setWaiting(entry, a % 5 === 0);
            expect([entries.keyOf(entry), entries.messageOf(entry)]).toEqual([a - 500, a + 1]);
            expect([entries.packetIdOf(entry), entries.stateOf(entry)]).toEqual([a, 3]);
            expect([entries.qosOf(entry), entries.retainOf(entry)]).toEqual([a % 3, a % 2 === 0]);
            expect([entries.isWaiting(entry), entries.isTransient(entry)]).toEqual([a % 5 === 0, false]);
          } else if (kind === 'remove') {
            remove(list, a % Math.max(1, model[list]!.length));
          } else if (kind === 'remove first') {
            remove(list, 0);
          } else if (entries.cursor === 0) {
            entries.cursor = entries.lists.firstOf(lists[list]!);
            ahead = [...model[list]!];
          } else {
            ahead = ahead.filter((each) => each !== entries.cursor);
            entries.cursor = entries.nextOf(entries.cursor);
          }
          if (entries.cursor === 0) {
            expect(ahead).toEqual([]);
          }
        }
        model.forEach((expected, i) => {
          const found: number[] = [];
          for (let at = entries.lists.firstOf(lists[i]!); at !== 0; at = entries.nextOf(at)) found.push(at);
          expect(found).toEqual(expected);
          expect(entries.lists.lastOf(lists[i]!)).toBe(expected.at(-1) ?? 0);
        });
        expect(entries.count).toBe(model.flat().length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('KeyTable', () => {
  test('agrees with a map, for identifiers beyond 32 bits and negative keys', () => {
    const id = fc.oneof(fc.nat(20), fc.integer({ min: 2 ** 32 - 5, max: 2 ** 32 + 5 }), fc.nat(2 ** 31));
    const key = fc.oneof(fc.integer({ min: -10, max: 10 }), fc.constantFrom(-0x8000_0000, 0x7fff_ffff));
    const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), id, key);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new KeyTable();
        const model = new Map<string, number>();
        steps.forEach(([kind, id, key], i) => {
          if (kind === 'set') {
            table.set(id, key, i + 1);
            model.set(`${id} ${key}`, i + 1);
          } else {
            table.delete(id, key);
            model.delete(`${id} ${key}`);
          }
        });
        for (const [, id, key] of steps) expect(table.get(id, key)).toBe(model.get(`${id} ${key}`) ?? 0);
        expect(table.size).toBe(model.size);
      }),
      { numRuns: 200 },
    );
  });

  test('still finds everything after it has grown and much was deleted', () => {
    const table = new KeyTable();
    for (let id = 1; id <= 50_000; id++) table.set(id, id % 7, id);
    for (let id = 1; id <= 50_000; id += 2) table.delete(id, id % 7);
    for (let id = 1; id <= 50_000; id++) {
      if (table.get(id, id % 7) !== (id % 2 === 0 ? id : 0)) expect.fail(`${id} is ${table.get(id, id % 7)}`);
    }
    expect(table.size).toBe(25_000);
  });
});

describe('Owners', () => {
  test('gives a number again, with nothing of its former owner', () => {
    const owners = new Owners();
    const first = owners.add(1);
    owners.name(first, 'c');
    owners.countEntry(first, 1);
    owners.countWaiting(first, 1, 100);
    owners.setNextKey(first, 5);
    owners.setRecorded(first, 3);
    owners.setUntaken(first, true);
    owners.free(first);
    expect([owners.ofSession('c'), owners.idOf(first)]).toEqual([0, 0]);
    const second = owners.add(2);
    expect(second).toBe(first);
    expect([owners.nameOf(second), owners.idOf(second), owners.entriesOf(second)]).toEqual([null, 2, 0]);
    expect([owners.waitingOf(second), owners.waitingBytesOf(second), owners.nextKeyOf(second)]).toEqual([
      0, 0, 0,
    ]);
    expect([owners.isRecorded(second), owners.hasUntaken(second)]).toEqual([false, false]);
  });

  test('tells a session from a shared group of the same text', () => {
    const owners = new Owners();
    const [session, share] = [owners.add(1), owners.add(2)];
    owners.name(session, 'g/f');
    owners.name(share, { kind: 'share', shareName: 'g', topicFilter: 'f' });
    expect(owners.ofSession('g/f')).toBe(session);
    expect(owners.ofShare({ kind: 'share', shareName: 'g', topicFilter: 'f' })).toBe(share);
    expect([owners.sessionCount, owners.shareCount]).toEqual([1, 1]);
  });

  test('begins its keys anew when the last entry is gone', () => {
    const owners = new Owners();
    const owner = owners.add(1);
    owners.countEntry(owner, 1);
    owners.setNextKey(owner, 9);
    owners.setKeyBefore(owner, -4);
    owners.countEntry(owner, 1);
    owners.countEntry(owner, -1);
    expect([owners.nextKeyOf(owner), owners.keyBeforeOf(owner)]).toEqual([9, -4]);
    owners.countEntry(owner, -1);
    expect([owners.nextKeyOf(owner), owners.keyBeforeOf(owner)]).toEqual([0, -1]);
  });
});

describe('SegmentCounts', () => {
  test('counts each segment by itself, and forgets those that are gone', () => {
    const counts = new SegmentCounts();
    for (const segment of [5, 7, 7, 3]) counts.add(segment);
    counts.subtract(7);
    expect([2, 3, 4, 5, 6, 7, 8].map((segment) => counts.countOf(segment))).toEqual([0, 1, 0, 1, 0, 1, 0]);
    counts.subtract(3);
    counts.forget(4);
    counts.add(8);
    expect([3, 4, 5, 7, 8].map((segment) => counts.countOf(segment))).toEqual([0, 0, 1, 1, 1]);
    counts.forget(20);
    counts.add(21);
    expect([8, 21].map((segment) => counts.countOf(segment))).toEqual([0, 1]);
  });
});
