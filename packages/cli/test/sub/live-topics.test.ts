import { describe, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';
import { LiveTopics } from '../../src/sub/live-topics.ts';
import { SECONDS, SecondCounts } from '../../src/sub/second-counts.ts';
import { numberIn, valueText } from '../../src/sub/value-text.ts';

const message = (topicName: string, payload: string | Uint8Array, retain = false): ReceivedMessage => ({
  topicName,
  payload: Buffer.from(payload),
  qos: 0,
  retain,
  properties: {},
});

const limits = { topics: 3, nameCharacters: 100, payloadBytes: 1000, allPayloadBytes: 2000 };

describe('the topics of a picture', () => {
  test('there is room for so many, and messages of others are counted', () => {
    const topics = new LiveTopics(0, limits);
    for (const name of ['a', 'b', 'c']) expect(topics.onMessage(message(name, 'x'), 0, 0)).toBeDefined();
    expect(topics.onMessage(message('d', 'x'), 0, 0)).toBeUndefined();
    expect(topics.onMessage(message('a', 'x'), 0, 0)).toBeDefined();
    expect(topics).toMatchObject({ size: 3, count: 5, leftOut: 1 });
    expect(topics.summary).toBe(
      '4 messages of 3 topics, and 1 message of topics for which there was no room',
    );
  });

  test('there is room for so many characters of names', () => {
    const topics = new LiveTopics(0, limits);
    expect(topics.onMessage(message('x'.repeat(99), ''), 0, 0)).toBeDefined();
    expect(topics.onMessage(message('yy', ''), 0, 0)).toBeUndefined();
    expect(topics.onMessage(message('y', ''), 0, 0)).toBeDefined();
  });

  test('of a payload so much is kept, and little when all are too many', () => {
    const topics = new LiveTopics(0, limits);
    const kept = (name: string): number =>
      topics.onMessage(message(name, 'x'.repeat(1001)), 0, 0)!.payload.length;
    expect([kept('a'), kept('b'), kept('c'), kept('a')]).toEqual([1000, 1000, 256, 256]);
    expect(topics.onMessage(message('b', 'x'), 0, 0)!.payload.length).toBe(1);
    expect(kept('c')).toBe(1000);
    expect(topics.all[2]!.reading(0)).toMatchObject({ payloadLength: 1001, bytes: 2002 });
  });

  test('a payload is kept when what was read from the network has changed', () => {
    const topics = new LiveTopics(0);
    const bytes = Buffer.from('first');
    topics.onMessage({ ...message('a', ''), payload: bytes }, 0, 0);
    bytes.fill(0);
    expect(Buffer.from(topics.all[0]!.reading(0).payload).toString()).toBe('first');
  });

  test('a topic is retained from a retained message until an empty one', () => {
    const topics = new LiveTopics(0);
    const isRetained = (): boolean => topics.all[0]!.reading(0).isRetained;
    topics.onMessage(message('a', 'x', true), 0, 0);
    expect(isRetained()).toBe(true);
    topics.onMessage(message('a', 'y'), 0, 0);
    expect(isRetained()).toBe(true);
    topics.onMessage(message('a', ''), 0, 0);
    expect(isRetained()).toBe(true);
    topics.onMessage(message('a', '', true), 0, 0);
    expect(isRetained()).toBe(false);
  });

  test('numbers are their own trend, other payloads have that of their rate', () => {
    const topics = new LiveTopics(0);
    for (let i = 0; i < SECONDS + 5; i++) topics.onMessage(message('n', String(i)), i * 1000, 0);
    const reading = topics.all[0]!.reading(40_000);
    expect(reading.isNumeric).toBe(true);
    expect(reading.trend).toEqual(Array.from({ length: SECONDS }, (_, i) => i + 5));
    topics.onMessage(message('n', 'none'), 36_500, 0);
    const after = topics.all[0]!.reading(38_000);
    expect(after.isNumeric).toBe(false);
    expect(after.trend.slice(-3)).toEqual([1, 2, 0]);
  });

  test('are sorted by name when a new one comes', () => {
    const topics = new LiveTopics(0);
    const names = (): readonly string[] => topics.all.map(({ topicName }) => topicName);
    topics.onMessage(message('b', ''), 0, 0);
    expect(names()).toEqual(['b']);
    topics.onMessage(message('a', ''), 0, 0);
    expect(names()).toEqual(['a', 'b']);
  });
});

describe('a rate', () => {
  test('is that of the time since the first one, a second at least', () => {
    const counts = new SecondCounts(500);
    for (let i = 0; i < 5; i++) counts.add(500);
    expect(counts.rate(600)).toBe(5);
    expect(counts.rate(2500)).toBe(2.5);
  });

  test('is that of one a second, whenever it is looked at', () => {
    const counts = new SecondCounts(0);
    for (let second = 0; second <= 60; second++) counts.add(second * 1000 + 100);
    for (const ms of [100, 500, 999]) expect(counts.rate(60_000 + ms)).toBeCloseTo(1, 0);
  });

  test('falls to nothing when no more come', () => {
    const counts = new SecondCounts(0);
    for (let i = 0; i < 100; i++) counts.add(0);
    expect(counts.rate(9000)).toBeGreaterThan(0);
    expect(counts.rate(10_000)).toBe(0);
    expect(counts.rate(1e9)).toBe(0);
    counts.add(1e9);
    expect(counts.series(1e9 + 2000)).toEqual([...Array.from({ length: SECONDS - 3 }, () => 0), 1, 0]);
  });
});

describe('a payload in one line', () => {
  test.each([
    ['21.5', 21.5],
    [' -3e2 ', -300],
    ['.5', 0.5],
    ['+7', 7],
    ['1e999', undefined],
    ['0x10', undefined],
    ['1.2.3', undefined],
    ['', undefined],
    ['-', undefined],
    ['5 °C', undefined],
    ['1'.repeat(33), undefined],
  ])('%j is the number %s', (payload, value) => {
    expect(numberIn(Buffer.from(payload))).toBe(value);
  });

  test.each<[string, Uint8Array, number, boolean, string]>([
    ['text with its blanks drawn together', Buffer.from('{\n  "a": 1\n}\n'), 20, false, '{ "a": 1 }'],
    ['text that is cut within a character', Buffer.from('aä').subarray(0, 2), 20, true, 'a…'],
    ['bytes', Buffer.from([0xff, 0x00, 0x10]), 20, false, 'ff 00 10'],
    ['many bytes', Buffer.alloc(1000, 0xff), 8, false, 'ff ff f…'],
    ['zeros, which are no text', Buffer.alloc(2), 20, false, '00 00'],
    ['CBOR', Buffer.from('a1616101', 'hex'), 20, false, '{ "a" : 1 }'],
    ['what would command the terminal', Buffer.from('\u001b[2J'), 20, false, '\\u001b[2J'],
  ])('%s', (_what, payload, columns, isCut, text) => {
    expect(valueText(payload, columns, isCut)).toBe(text);
  });
});
