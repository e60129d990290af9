import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReceivedStream } from '../../src/bench/received-stream.ts';
import { SeenSequences } from '../../src/bench/seen-sequences.ts';
import { countOfBoth, SequenceRanges } from '../../src/bench/sequence-ranges.ts';

function numbersOf(ranges: SequenceRanges): number[] {
  return ranges.ranges.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
}

const numbers = fc.array(fc.nat(40), { maxLength: 60 });

describe('Sequence ranges', () => {
  test('are the set of what was added and not removed', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(40)), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (given) => {
        const ranges = new SequenceRanges();
        const model = new Set<number>();
        for (const [isAdded, number] of given) {
          if (isAdded) {
            ranges.add(number);
            model.add(number);
          } else {
            expect(ranges.remove(number)).toBe(model.delete(number));
          }
        }
        expect(numbersOf(ranges)).toEqual([...model].sort((a, b) => a - b));
        expect(ranges.count).toBe(model.size);
        // None touches the next: there are no more of them than there must be.
        for (let i = 1; i < ranges.ranges.length; i++) {
          expect(ranges.ranges[i]!.first).toBeGreaterThan(ranges.ranges[i - 1]!.last + 1);
        }
      }),
    );
  });

  test('give up the oldest when there is one too many, and still count it', () => {
    const ranges = new SequenceRanges(2);
    ranges.append(0, 4);
    ranges.append(10, 10);
    expect(ranges.givenUp).toBe(0);
    ranges.append(20, 21);
    expect(ranges.ranges).toEqual([
      { first: 10, last: 10 },
      { first: 20, last: 21 },
    ]);
    expect(ranges.givenUp).toBe(5);
    expect(ranges.count).toBe(8);
    ranges.add(30);
    expect(ranges.givenUp).toBe(6);
  });

  test('count what is in two of them', () => {
    fc.assert(
      fc.property(numbers, numbers, (one, other) => {
        const [a, b] = [new SequenceRanges(), new SequenceRanges()];
        for (const number of one) a.add(number);
        for (const number of other) b.add(number);
        const both = new Set(one.filter((number) => other.includes(number)));
        expect(countOfBoth(a.ranges, b.ranges)).toBe(both.size);
      }),
    );
  });
});

describe('A received stream', () => {
  test('knows of any arrival what came, came twice, came late and is missing', () => {
    fc.assert(
      fc.property(numbers, (arrivals) => {
        const stream = new ReceivedStream(7);
        const seen = new Set<number>();
        let duplicates = 0;
        let reordered = 0;
        for (const number of arrivals) {
          if (seen.has(number)) duplicates++;
          else if (number < Math.max(-1, ...seen)) reordered++;
          expect(stream.receive(number)).toBe(!seen.has(number));
          seen.add(number);
        }
        const report = stream.report();
        const next = Math.max(-1, ...arrivals) + 1;
        expect(report).toMatchObject({ publisher: 7, next, duplicates, reordered, received: seen.size });
        const missing = report.missing.reduce((sum, { first, last }) => sum + last - first + 1, 0);
        expect(missing).toBe(next - seen.size);
      }),
    );
  });
});

describe('Sequences seen by a group', () => {
  test('are the union of what its members saw, and twice is twice wherever it was', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000)), fc.array(fc.nat(20_000)), (one, other) => {
        const [a, b] = [new SeenSequences(0), new SeenSequences(0)];
        for (const number of one) a.receive(number);
        for (const number of other) b.receive(number);
        a.merge(b.bits, b.duplicates);
        const union = new Set([...one, ...other]);
        expect(a.received).toBe(union.size);
        expect(a.duplicates).toBe(one.length + other.length - union.size);
        for (const number of union) expect(a.has(number)).toBe(true);
        expect(a.has(20_001)).toBe(false);
      }),
    );
  });

  test('end with an error at a number that no run reaches', () => {
    const seen = new SeenSequences(0);
    expect(seen.receive(2 ** 27 - 1)).toBe(true);
    expect(() => seen.receive(2 ** 27)).toThrow('expected at most 134217728 messages of one publisher');
  });
});
