import { beforeEach, describe, expect, test } from 'vitest';
import { DROP_REASONS, DropReason } from '../src/core/telling/drop-reason.ts';
import { Outcomes } from '../src/core/telling/outcomes.ts';
import { TopicTable } from '../src/core/topics/topic-table.ts';

const { OutboxFull, Expired, NotAuthorized, QueueFullDroppedOldest } = DropReason;

describe('the table of reasons', () => {
  test('has each reason at its own index, with a code, a text and a remedy of its own', () => {
    expect(DROP_REASONS.map((row) => row.reason)).toEqual(Object.values(DropReason));
    expect(DROP_REASONS.map((row, i) => row.reason === i)).not.toContain(false);
    for (const column of ['code', 'text'] as const) {
      expect(new Set(DROP_REASONS.map((row) => row[column])).size).toBe(DROP_REASONS.length);
    }
    for (const row of DROP_REASONS) {
      expect(row.code).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
      expect(row.text).toMatch(/^[A-Z].+\.$/);
      expect(row.remedy).toMatch(/^[A-Z].+\.$/);
    }
  });

  test('calls a reason by the name of its code', () => {
    const codes = Object.keys(DropReason).map((name) => name.replace(/(?<!^)([A-Z])/g, '-$1').toLowerCase());
    expect(DROP_REASONS.map((row) => row.code)).toEqual(codes);
  });
});

describe('outcomes', () => {
  let outcomes: Outcomes;
  beforeEach(() => {
    outcomes = new Outcomes();
  });

  test('count what was delivered', () => {
    outcomes.delivered(1);
    outcomes.delivered(500);
    expect(outcomes.deliveredCount).toBe(501);
  });

  test('count what was dropped, by reason', () => {
    outcomes.dropped(OutboxFull, 'c', 't', 3);
    outcomes.dropped(OutboxFull, 'd', 't', 4);
    outcomes.dropped(Expired, 'c', 't', 1);
    expect(outcomes.droppedFor(OutboxFull)).toBe(7);
    expect(outcomes.droppedFor(NotAuthorized)).toBe(0);
    expect(Object.keys(outcomes.counts)).toEqual(DROP_REASONS.map((row) => row.code));
    expect(Object.entries(outcomes.counts).filter(([, count]) => count > 0)).toEqual([
      ['outbox-full', 7],
      ['expired', 1],
    ]);
  });

  test('sum up what limits dropped, and only that', () => {
    for (const row of DROP_REASONS) outcomes.dropped(row.reason, 'c', 't', 2 ** row.reason);
    const expected = DROP_REASONS.filter((row) => row.kind === 'limit').reduce(
      (sum, row) => sum + 2 ** row.reason,
      0,
    );
    expect(outcomes.droppedByLimits).toBe(expected);
    expect(DROP_REASONS.filter((row) => row.kind === 'limit').map((row) => row.code)).toEqual([
      'outbox-full',
      'queue-full-dropped-oldest',
      'queue-full-dropped-newest',
      'group-full',
      'packet-too-large',
      'retained-limit',
      'total-budget',
      'not-restored',
      'not-kept',
      'queue-full-rejected',
      'incoming-rate',
      'outgoing-rate',
      'payload-too-large',
    ]);
  });

  test('remember the latest drops with their times, oldest first', () => {
    outcomes.nowMs = 5;
    outcomes.dropped(Expired, 'c', 'a', 1);
    outcomes.nowMs = 7;
    outcomes.dropped(OutboxFull, 'd', 'b', 2);
    outcomes.nowMs = 9;
    outcomes.dropped(Expired, 'c', 'b', 1);
    const [first, second, third] = [
      { reason: Expired, clientId: 'c', topicName: 'a', detail: '', count: 1, firstAtMs: 5, lastAtMs: 5 },
      { reason: OutboxFull, clientId: 'd', topicName: 'b', detail: '', count: 2, firstAtMs: 7, lastAtMs: 7 },
      { reason: Expired, clientId: 'c', topicName: 'b', detail: '', count: 1, firstAtMs: 9, lastAtMs: 9 },
    ];
    expect(outcomes.latest()).toEqual([first, second, third]);
    expect(outcomes.latest('c')).toEqual([first, third]);
    expect(outcomes.latest('e')).toEqual([]);
  });

  test('tell equal drops that follow each other as one', () => {
    for (const nowMs of [1, 2, 3]) {
      outcomes.nowMs = nowMs;
      outcomes.dropped(OutboxFull, 'c', 'a', 10);
    }
    expect(outcomes.latest()).toEqual([
      { reason: OutboxFull, clientId: 'c', topicName: 'a', detail: '', count: 30, firstAtMs: 1, lastAtMs: 3 },
    ]);
    outcomes.dropped(OutboxFull, 'c', 'b', 1);
    outcomes.dropped(OutboxFull, 'd', 'b', 1);
    outcomes.dropped(OutboxFull, 'c', 'a', 1);
    expect(outcomes.latest().length).toBe(4);
  });

  test('remember as many as they are told to for each reason, and one more pushes out the oldest', () => {
    outcomes = new Outcomes({ recentDropsPerReason: 3 });
    outcomes.dropped(NotAuthorized, 'rare', 't', 1);
    const topicNames = (): string[] => outcomes.latest('c').map((drop) => drop.topicName);
    for (const topicName of ['1', '2', '3']) outcomes.dropped(OutboxFull, 'c', topicName, 1);
    expect(topicNames()).toEqual(['1', '2', '3']);
    outcomes.dropped(OutboxFull, 'c', '4', 1);
    expect(topicNames()).toEqual(['2', '3', '4']);
    for (let i = 0; i < 1000; i++) outcomes.dropped(OutboxFull, 'c', `flood ${i}`, 1);
    expect(topicNames()).toEqual(['flood 997', 'flood 998', 'flood 999']);
    expect(outcomes.latest('rare').length).toBe(1);
    expect(outcomes.droppedFor(OutboxFull)).toBe(1004);
  });

  test('remember nothing when told so, and count all the same', () => {
    outcomes = new Outcomes({ recentDropsPerReason: 0 });
    outcomes.dropped(OutboxFull, 'c', 't', 2);
    outcomes.dropped(OutboxFull, 'c', 't', 2);
    expect(outcomes.latest()).toEqual([]);
    expect(outcomes.droppedFor(OutboxFull)).toBe(4);
  });

  test('take topics as they are interned, and tell their names', () => {
    const topic = new TopicTable().internName('a/ü')!;
    outcomes.dropped(QueueFullDroppedOldest, 'c', topic, 1);
    expect(outcomes.latest()[0]?.topicName).toBe('a/ü');
  });

  test('tell a listener of each drop, with the topic’s name', () => {
    const heard: unknown[] = [];
    outcomes = new Outcomes({ onDrop: (...drop) => heard.push(drop) });
    const topic = new TopicTable().internName('a/b')!;
    outcomes.dropped(Expired, 'c', topic, 2);
    outcomes.dropped(Expired, 'c', topic, 1);
    outcomes.delivered(1);
    expect(heard).toEqual([
      [Expired, 'c', 'a/b', 2, ''],
      [Expired, 'c', 'a/b', 1, ''],
    ]);
  });

  test('are each broker’s own', () => {
    outcomes.dropped(Expired, 'c', 't', 1);
    expect(new Outcomes().droppedFor(Expired)).toBe(0);
  });
});
