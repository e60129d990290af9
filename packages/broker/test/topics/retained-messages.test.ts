import { matches } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetainedMessages } from '../../src/core/retained/retained-messages.ts';
import { nodeBytes } from '../../src/core/retained/retained-node.ts';
import { topicFilter, topicName } from './arbitraries.ts';

class Retained {
  readonly name: string;
  readonly bytes: number;

  constructor(name: string, bytes: number = 1) {
    this.name = name;
    this.bytes = bytes;
  }
}

function retain(names: readonly string[]): RetainedMessages<Retained> {
  const retained = new RetainedMessages<Retained>();
  for (const name of names) retained.set(name, new Retained(name));
  return retained;
}

function matched(retained: RetainedMessages<Retained>, filter: string, limit: number = 1000): string[] {
  const cursor = retained.match(filter);
  const into: Retained[] = [];
  while (!cursor.done) {
    const before = into.length;
    expect(cursor.read(limit, into)).toBe(into.length - before);
    expect(into.length - before).toBeLessThanOrEqual(limit);
  }
  return into.map(({ name }) => name).sort();
}

/** Of the messages, and of one node for each level that any of the names has. */
function weightOf(model: ReadonlyMap<string, Retained>): number {
  const paths = new Set<string>();
  for (const name of model.keys()) {
    const levels = name.split('/');
    for (let count = 1; count <= levels.length; count++) paths.add(levels.slice(0, count).join('/'));
  }
  const nodes = [...paths].reduce((sum, path) => sum + nodeBytes(path.split('/').at(-1)!.length), 0);
  return [...model.values()].reduce((sum, { bytes }) => sum + bytes, nodes);
}

describe('Retained messages', () => {
  test('[MQTT-3.3.1-5] v5 are kept one to a topic, the latest', () => {
    const retained = new RetainedMessages<Retained>();
    const first = new Retained('first', 10);
    const second = new Retained('second', 3);
    expect(retained.get('a/b')).toBeNull();
    expect(retained.set('a/b', first)).toBeNull();
    expect([retained.count, retained.bytes]).toEqual([1, 10 + 2 * nodeBytes(1)]);
    expect(retained.set('a/b', second)).toBe(first);
    expect([retained.count, retained.bytes]).toEqual([1, 3 + 2 * nodeBytes(1)]);
    expect(retained.get('a/b')).toBe(second);
    for (const other of ['a', 'a/b/', '/a/b', 'b', 'a/b/c']) expect(retained.get(other)).toBeNull();
    expect(matched(retained, '#')).toEqual(['second']);
  });

  test('are deleted without a trace', () => {
    const retained = retain(['a/b/c', 'a', 'x/y']);
    expect(retained.delete('a/b')).toBeNull();
    expect(retained.delete('q/r')).toBeNull();
    expect(retained.delete('a/b/c')?.name).toBe('a/b/c');
    expect(retained.delete('a/b/c')).toBeNull();
    expect(retained.delete('x/y')?.name).toBe('x/y');
    expect(matched(retained, '#')).toEqual(['a']);
    expect(retained.nodeCount).toBe(1);
    retained.delete('a');
    expect([retained.count, retained.bytes, retained.nodeCount]).toEqual([0, 0, 0]);
  });

  test('are found by filters', () => {
    const retained = retain(['a', 'a/b', 'a/b/c', 'a/d', '/', 'b', '/b']);
    expect(matched(retained, 'a/#')).toEqual(['a', 'a/b', 'a/b/c', 'a/d']);
    expect(matched(retained, 'a/+')).toEqual(['a/b', 'a/d']);
    expect(matched(retained, '+')).toEqual(['a', 'b']);
    expect(matched(retained, '+/+')).toEqual(['/', '/b', 'a/b', 'a/d']);
    expect(matched(retained, '+/b/#')).toEqual(['/b', 'a/b', 'a/b/c']);
    expect(matched(retained, 'a/b')).toEqual(['a/b']);
    expect(matched(retained, 'a/x/#')).toEqual([]);
    expect(matched(retained, '/+')).toEqual(['/', '/b']);
  });

  test('[MQTT-4.7.2-1] v5 [MQTT-4.7.2-1] v3.1.1 of topics that begin with $ are not found by a wildcard in the first level', () => {
    const retained = retain(['$SYS', '$SYS/broker', 'a', 'a/$b', '$']);
    expect(matched(retained, '#')).toEqual(['a', 'a/$b']);
    expect(matched(retained, '+')).toEqual(['a']);
    expect(matched(retained, '+/#')).toEqual(['a', 'a/$b']);
    expect(matched(retained, '+/broker')).toEqual([]);
    expect(matched(retained, '$SYS/#')).toEqual(['$SYS', '$SYS/broker']);
    expect(matched(retained, '$SYS/+')).toEqual(['$SYS/broker']);
    expect(matched(retained, '$')).toEqual(['$']);
  });

  test('agree with a map that is searched, read in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), topicName), { maxLength: 60, size: 'max' }),
        fc.array(topicFilter, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer(),
        (changes, filters, limit, hashSeed) => {
          const retained = new RetainedMessages<Retained>({ hashSeed });
          const model = new Map<string, Retained>();
          for (const [isSet, name] of changes) {
            expect(retained.get(name)).toBe(model.get(name) ?? null);
            if (isSet) {
              const message = new Retained(name, model.size + 1);
              const bytes = retained.bytesWith(name, message);
              expect(retained.set(name, message)).toBe(model.get(name) ?? null);
              expect(retained.bytes).toBe(bytes);
              model.set(name, message);
            } else {
              expect(retained.delete(name)).toBe(model.get(name) ?? null);
              model.delete(name);
            }
          }
          expect(retained.count).toBe(model.size);
          expect(retained.bytes).toBe(weightOf(model));
          for (const filter of filters) {
            const expected = [...model.keys()].filter((name) => matches(filter, name)).sort();
            expect(matched(retained, filter, limit)).toEqual(expected);
          }
          for (const name of model.keys()) retained.delete(name);
          expect([retained.nodeCount, retained.bytes]).toEqual([0, 0]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('A cursor over retained messages', () => {
  test('visits no more than the limit, also where nothing matches', () => {
    const retained = retain(Array.from({ length: 1000 }, (_, i) => `${i}/x`));
    const cursor = retained.match('+/y');
    const into: Retained[] = [];
    let reads = 0;
    while (!cursor.done) {
      expect(cursor.read(100, into)).toBe(0);
      reads++;
    }
    expect(reads).toBeGreaterThanOrEqual(10);
    expect(cursor.read(100, into)).toBe(0);
  });

  test('does not look at what a filter rules out', () => {
    const retained = retain(Array.from({ length: 1000 }, (_, i) => `${i % 10}/${i}/x`));
    const cursor = retained.match('3/33/#');
    const into: Retained[] = [];
    cursor.read(10, into);
    expect(cursor.done).toBe(true);
    expect(into.map(({ name }) => name)).toEqual(['3/33/x']);
  });

  test('goes on behind messages that are deleted under it', () => {
    const names = Array.from({ length: 20 }, (_, i) => `a/${i}/b`);
    const retained = retain(names);
    const cursor = retained.match('a/+/b');
    const into: Retained[] = [];
    while (into.length < 5) cursor.read(1, into);
    for (const name of names.slice(0, 15)) retained.delete(name);
    for (const name of names.slice(0, 10)) retained.set(name, new Retained('new'));
    while (!cursor.done) cursor.read(1, into);
    expect(into.map(({ name }) => name)).toEqual([...names.slice(0, 5), ...names.slice(15)]);
  });

  test('ends when everything is deleted under it', () => {
    const retained = retain(['a', 'b', 'c/d', 'c/e']);
    const cursor = retained.match('#');
    const into: Retained[] = [];
    cursor.read(1, into);
    for (const name of ['a', 'b', 'c/d', 'c/e']) retained.delete(name);
    cursor.read(100, into);
    expect(cursor.done).toBe(true);
    expect(into.map(({ name }) => name)).toEqual(['a']);
  });

  test('reads what stays exactly once, and nothing that was set after it was opened', () => {
    const change = fc.record({ isSet: fc.boolean(), name: topicName, read: fc.nat(4) });
    fc.assert(
      fc.property(
        fc.array(topicName, { maxLength: 40, size: 'max' }),
        topicFilter,
        fc.array(change, { maxLength: 40, size: 'max' }),
        (names, filter, changes) => {
          const retained = retain(names);
          const untouched = new Set(names);
          const opened = new Set<Retained>();
          for (const name of untouched) opened.add(retained.get(name)!);
          const cursor = retained.match(filter);
          const into: Retained[] = [];
          for (const { isSet, name, read } of changes) {
            cursor.read(read, into);
            untouched.delete(name);
            if (isSet) retained.set(name, new Retained(name));
            else retained.delete(name);
          }
          while (!cursor.done) cursor.read(3, into);
          expect(new Set(into).size).toBe(into.length);
          for (const message of into) {
            expect(opened.has(message)).toBe(true);
            expect(matches(filter, message.name)).toBe(true);
          }
          const read = new Set(into.map(({ name }) => name));
          for (const name of untouched) expect(read.has(name)).toBe(matches(filter, name));
        },
      ),
      { numRuns: 500 },
    );
  });
});
