/** Which topics the table shows, and in which order. */
import { matches } from '@martlet/protocol';
import type { LiveTopic, TopicReading } from './live-topic.ts';

/** A topic as it is, or as it was when the table was paused. */
export interface TableRow {
  readonly topicName: string;
  readonly count: number;
  readonly bytes: number;
  /** Time of the last message, on the monotonic clock. */
  readonly lastMs: number;
  rate(nowMs: number): number;
  reading(nowMs: number): TopicReading;
}

export type SortColumn = 'topic' | 'rate' | 'age' | 'count' | 'bytes';

export interface Sorting {
  readonly column: SortColumn;
  /** The other way round than the column is usually sorted: names upwards, the newest first, amounts downwards. */
  readonly isReversed: boolean;
}

/** A row that stays as it is. */
export function frozenRow(topic: LiveTopic, nowMs: number): TableRow {
  const reading = topic.reading(nowMs);
  const { topicName, count, bytes, rate } = reading;
  return { topicName, count, bytes, lastMs: topic.lastMs, rate: () => rate, reading: () => reading };
}

/**
 * @param rows by name
 * @param filter a part of the name in letters of any size, or a topic filter if it has `+` or `#`; empty for all
 */
export function shownRows(
  rows: readonly TableRow[],
  filter: string,
  { column, isReversed }: Sorting,
  nowMs: number,
): readonly TableRow[] {
  const shown = filter === '' ? rows : rows.filter(matcherOf(filter));
  if (column === 'topic') return isReversed ? shown.toReversed() : shown;
  const value = orderValue(column, nowMs);
  const sign = isReversed ? -1 : 1;
  // Rows that are alike stay in the order of their names.
  return shown
    .map((row) => ({ row, value: value(row) }))
    .sort((a, b) => sign * (b.value - a.value))
    .map(({ row }) => row);
}

function matcherOf(filter: string): (row: TableRow) => boolean {
  // No topic has these signs in its name.
  if (/[+#]/.test(filter)) return ({ topicName }) => matches(filter, topicName);
  const wanted = filter.toLowerCase();
  return ({ topicName }) => topicName.toLowerCase().includes(wanted);
}

/** The greater, the further up. */
function orderValue(column: Exclude<SortColumn, 'topic'>, nowMs: number): (row: TableRow) => number {
  switch (column) {
    case 'rate':
      return (row) => row.rate(nowMs);
    case 'age':
      return (row) => row.lastMs;
    case 'count':
      return (row) => row.count;
    case 'bytes':
      return (row) => row.bytes;
  }
}
