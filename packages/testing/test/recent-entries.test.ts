import { describe, expect, test } from 'vitest';
import { RECENT_BYTES, RECENT_ENTRIES, RecentEntries } from '../src/recent-entries.ts';

describe('Recent entries', () => {
  test('are as many as there may be, and one more drives out the oldest', () => {
    const entries = new RecentEntries<number>();
    for (let i = 0; i < RECENT_ENTRIES; i++) entries.add(i, 1);
    expect([entries.all.length, entries.all[0]]).toEqual([RECENT_ENTRIES, 0]);
    entries.add(RECENT_ENTRIES, 1);
    expect([entries.all.length, entries.all[0], entries.all.at(-1)]).toEqual([
      RECENT_ENTRIES,
      1,
      RECENT_ENTRIES,
    ]);
  });

  test('are a list of the moment at which they were asked for', () => {
    const entries = new RecentEntries<number>();
    entries.add(1, 1);
    const before = entries.all;
    entries.add(2, 1);
    expect([before, entries.all]).toEqual([[1], [1, 2]]);
  });

  test('are the newest ones however many come', () => {
    const entries = new RecentEntries<number>();
    const total = RECENT_ENTRIES * 3 + 17;
    for (let i = 0; i < total; i++) entries.add(i, 1);
    expect(entries.all).toEqual(Array.from({ length: RECENT_ENTRIES }, (_, i) => total - RECENT_ENTRIES + i));
  });

  test('are as many bytes as there may be, and one more drives out as many of the oldest as it takes', () => {
    const entries = new RecentEntries<string>();
    entries.add('a', RECENT_BYTES / 2);
    entries.add('b', RECENT_BYTES / 2);
    expect(entries.all).toEqual(['a', 'b']);
    entries.add('c', 1);
    expect(entries.all).toEqual(['b', 'c']);
    entries.add('d', RECENT_BYTES);
    expect(entries.all).toEqual(['d']);
  });

  test('keep the newest one however large it is', () => {
    const entries = new RecentEntries<string>();
    entries.add('large', RECENT_BYTES * 2);
    expect(entries.all).toEqual(['large']);
    entries.add('small', 1);
    expect(entries.all).toEqual(['small']);
    entries.clear();
    expect(entries.all).toEqual([]);
  });
});
