import { checkTopicName } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Topic } from '../../src/core/topics/topic-table.ts';
import { TopicTable } from '../../src/core/topics/topic-table.ts';
import { topicName } from './arbitraries.ts';

const encoder = new TextEncoder();

/** As in a packet: somewhere in a buffer that is used again afterwards. */
function internBytes<R>(table: TopicTable<R>, bytes: Uint8Array): Topic<R> | null {
  const buffer = new Uint8Array(bytes.length + 5).fill(0x2b);
  buffer.set(bytes, 3);
  const topic = table.intern(buffer, 3, 3 + bytes.length);
  buffer.fill(0);
  return topic;
}

function intern<R>(table: TopicTable<R>, name: string): Topic<R> {
  return internBytes(table, encoder.encode(name))!;
}

describe('The topic table', () => {
  test('gives the same topic for the same name, as bytes or as a string', () => {
    const table = new TopicTable();
    const topic = intern(table, 'a/b');
    expect(intern(table, 'a/b')).toBe(topic);
    expect(table.internName('a/b')).toBe(topic);
    expect(intern(table, 'a/c')).not.toBe(topic);
    expect(topic.name).toBe('a/b');
    expect(topic.bytes).toEqual(encoder.encode('a/b'));
    expect(table.size).toBe(2);
  });

  test('does the same whatever the names and the seed', () => {
    fc.assert(
      fc.property(fc.array(topicName, { maxLength: 100, size: 'max' }), fc.integer(), (names, hashSeed) => {
        const table = new TopicTable({ hashSeed });
        const topics = new Map<string, Topic>();
        for (const name of names) {
          const topic = intern(table, name);
          expect(topic.name).toBe(name);
          expect(topics.get(name) ?? topic).toBe(topic);
          topics.set(name, topic);
        }
        expect(table.size).toBe(topics.size);
      }),
    );
  });

  test('tells names of all lengths apart, and long ones too', () => {
    const table = new TopicTable();
    const names = ['x'.repeat(1000), 'é'.repeat(128)];
    for (let length = 1; length < 300; length++) names.push('x'.repeat(length), `${'x'.repeat(length)}y`);
    const topics = names.map((name) => intern(table, name));
    expect(new Set(topics).size).toBe(names.length);
    expect(topics.map(({ name }) => name)).toEqual(names);
    expect(names.map((name) => intern(table, name))).toEqual(topics);
    expect(intern(table, `${'x'.repeat(999)}z`)).not.toBe(topics[0]);
    expect(intern(table, 'xxxz')).not.toBe(intern(table, 'xxxx'));
  });

  test.each([
    ['equally long', '007p/x/yprw0', '01e2/x/y4ref'],
    ['one the beginning of the other', '87f0', '87f0/kwr'],
    ['too long to be packed into words', `00j1/${'x'.repeat(295)}4v01`, `01rh/${'x'.repeat(295)}wh91`],
  ])('tells names apart whose hashes are the same: %s', (_, first, second) => {
    for (const names of [
      [first, second],
      [second, first],
    ]) {
      const table = new TopicTable({ hashSeed: 0 });
      const topics = names.map((name) => intern(table, name));
      expect(topics[0]!.hash).toBe(topics[1]!.hash); // or else these names have lost their point
      expect(topics.map(({ name }) => name)).toEqual(names);
      expect(names.map((name) => intern(table, name))).toEqual(topics);
    }
  });

  test('[MQTT-1.5.4-3] v5 [MQTT-1.5.3-3] v3.1.1 keeps a byte order mark as a part of the name', () => {
    const table = new TopicTable();
    const marked = intern(table, '\ufeffa');
    expect(marked).not.toBe(intern(table, 'a'));
    expect(marked.name).toBe('\ufeffa');
    expect(marked.bytes).toEqual(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
  });

  test.each<[string, number[], string]>([
    ['[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 an empty name', [], 'empty'],
    ['[MQTT-4.7.3-2] v5 [MQTT-4.7.3-2] v3.1.1 a null character', [0x61, 0x00], 'nullCharacter'],
    ['[MQTT-3.3.2-2] v5 [MQTT-3.3.2-2] v3.1.1 a wildcard', [0x61, 0x2f, 0x2b], 'wildcard'],
    ['[MQTT-4.7.0-1] v5 [MQTT-4.7.1-1] v3.1.1 a wildcard of many levels', [0x23], 'wildcard'],
    ['[MQTT-3.3.2-1] v5 [MQTT-3.3.2-1] v3.1.1 ill-formed UTF-8', [0x61, 0xff], 'illFormed'],
    ['[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 a surrogate', [0xed, 0xa0, 0x80], 'illFormed'],
    ['too many levels', [0x2f, 0x2f, 0x2f], 'tooManyLevels'],
    ['too many bytes', Array(11).fill(0x61), 'tooLong'],
  ])('refuses %s', (_, bytes, problem) => {
    const table = new TopicTable({ maxLevels: 3, maxNameBytes: 10 });
    expect(internBytes(table, Uint8Array.from(bytes))).toBeNull();
    expect(table.problemOf(Uint8Array.from(bytes), 0, bytes.length)).toBe(problem);
    expect(table.size).toBe(0);
  });

  test('[MQTT-4.7.3-3] v5 [MQTT-4.7.3-3] v3.1.1 refuses a name of more than 65,535 bytes', () => {
    const table = new TopicTable();
    expect(internBytes(table, new Uint8Array(65_535).fill(0x61))!.name).toHaveLength(65_535);
    expect(internBytes(table, new Uint8Array(65_536).fill(0x61))).toBeNull();
    expect(table.internName('a'.repeat(65_536))).toBeNull();
    expect(table.internName(`${'é'.repeat(32_767)}a`)!.bytes).toHaveLength(65_535);
    expect(table.internName('é'.repeat(32_768))).toBeNull();
  });

  test('judges names as a string and as bytes alike, and takes what it finds no problem with', () => {
    const characters = fc.constantFrom('a', '/', '#', '+', '\0', 'é', '温', '😀', '$', '\ufeff');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 8 }), (name) => {
        const table = new TopicTable({ maxLevels: 3, maxNameBytes: 12 });
        const valid = checkTopicName(name, 3, 12) === null;
        const bytes = encoder.encode(name);
        expect(table.problemOf(bytes, 0, bytes.length) === null).toBe(valid);
        expect(internBytes(table, bytes) === null).toBe(!valid);
        expect(table.internName(name) === null).toBe(!valid);
      }),
    );
  });

  test('keeps the topics that are in use while 200,000 others pass', () => {
    const table = new TopicTable<object>({ maxTopics: 1024 });
    const inUse = Array.from({ length: 50 }, (_, i) => intern(table, `in/use/${i}`));
    for (const topic of inUse) topic.route = { of: topic.name };
    const bytes = new Uint8Array(16);
    for (let i = 0; i < 200_000; i++) {
      const { written } = encoder.encodeInto(`once/${i}`, bytes);
      table.intern(bytes, 0, written);
      if (i % 500 === 0) for (const topic of inUse) expect(intern(table, topic.name)).toBe(topic);
    }
    expect(table.size).toBeLessThanOrEqual(2 * 1024);
    for (const topic of inUse) expect(topic.route).toEqual({ of: topic.name });
  });

  test('forgets a topic that is not named again, and lets go of its route', () => {
    const table = new TopicTable<object>({ maxTopics: 64 });
    const once = intern(table, 'once');
    once.route = {};
    once.matchSlots = [1];
    once.matchGeneration = 5;
    for (let i = 0; i < 63 + 64; i++) intern(table, `other/${i}`);
    expect(once.route).not.toBeNull();
    for (let i = 0; i < 2; i++) intern(table, `another/${i}`);
    expect([once.route, once.matchSlots, once.matchGeneration]).toEqual([null, null, -1]);
    expect(once.name).toBe('once');
    expect(intern(table, 'once')).not.toBe(once);
  });

  test('holds at most twice its limit, at the limit and past it', () => {
    const table = new TopicTable({ maxTopics: 100 });
    const sizes: number[] = [];
    for (let i = 0; i < 301; i++) {
      intern(table, `${i}`);
      sizes.push(table.size);
    }
    expect([sizes[99], sizes[100], sizes[199], sizes[200], sizes[300]]).toEqual([100, 101, 200, 101, 101]);
  });

  test('is bounded by bytes: long names make room for themselves', () => {
    const table = new TopicTable({ maxBytes: 100_000 });
    for (let i = 0; i < 100; i++) intern(table, `${i}/${'x'.repeat(3000)}`);
    expect(table.bytes).toBeLessThan(2 * 111_000);
    expect(table.size).toBeLessThan(25);
  });

  test('is bounded by bytes: routes that were charged count', () => {
    const table = new TopicTable<object>({ maxBytes: 100_000 });
    const topics = Array.from({ length: 100 }, (_, i) => {
      const topic = intern(table, `${i}`);
      topic.route = {};
      table.charge(topic, 10_000);
      return topic;
    });
    expect(topics.filter(({ route }) => route !== null).length).toBeLessThan(22);
    expect(topics[99]!.route).not.toBeNull();
    expect(table.bytes).toBeLessThan(2 * 111_000);
  });

  test('charges nobody for a route to a topic that it has forgotten, which a connection may still use', () => {
    const table = new TopicTable<object>({ maxTopics: 64 });
    const topic = intern(table, 'last');
    table.charge(topic, 10_000);
    for (let i = 0; i < 192; i++) intern(table, `n/${i}`);
    expect(intern(table, 'last')).not.toBe(topic);
    const { bytes } = table;
    table.charge(topic, 300);
    expect(table.bytes).toBe(bytes);
    table.charge(topic, 50_000);
    expect(table.bytes).toBe(bytes);
  });

  test('charges a topic of the old generation to that one, with which it goes', () => {
    const table = new TopicTable<object>({ maxTopics: 64 });
    const topic = intern(table, 'last');
    for (let i = 0; i < 64; i++) intern(table, `n/${i}`);
    const { bytes } = table;
    table.charge(topic, 10_000);
    expect(table.bytes).toBe(bytes + 10_000);
    for (let i = 64; i < 128; i++) intern(table, `n/${i}`);
    const uncharged = new TopicTable<object>({ maxTopics: 64 });
    intern(uncharged, 'last');
    for (let i = 0; i < 128; i++) intern(uncharged, `n/${i}`);
    expect(table.bytes).toBe(uncharged.bytes);
  });

  test('charges a topic what its last route weighs, not the sum', () => {
    const table = new TopicTable<object>();
    const topic = intern(table, 'a');
    const empty = table.bytes;
    table.charge(topic, 1000);
    table.charge(topic, 300);
    expect(table.bytes).toBe(empty + 300);
  });

  test('forgets instead of slowing down when names collide', () => {
    const hashSeed = 99;
    const all = new TopicTable({ hashSeed, maxTopics: 100_000 });
    const colliding: string[] = [];
    for (let i = 0; colliding.length < 200; i++) {
      if ((intern(all, `${i}`).hash & 0xff) === 17) colliding.push(`${i}`);
    }
    const table = new TopicTable<object>({ hashSeed, maxTopics: 128 }); // whose table has 256 slots
    let forgotten = 0;
    for (const name of colliding) {
      const topic = intern(table, name);
      topic.route = {};
      expect(topic.name).toBe(name);
      expect(intern(table, name)).toBe(topic);
    }
    for (const name of colliding.slice(0, 128)) if (intern(table, name).route === null) forgotten++;
    expect(forgotten).toBeGreaterThan(30);
    expect(table.size).toBeLessThanOrEqual(2 * 128);
    expect(intern(table, 'else').name).toBe('else');
  });
});
