/** The columns of the table: which of them there is room for, and where. */

export type ColumnName = 'topic' | 'value' | 'rate' | 'age' | 'retained' | 'count' | 'bytes' | 'trend';

export interface TableColumn {
  readonly name: ColumnName;
  readonly title: string;
  /** From 0. */
  readonly start: number;
  readonly width: number;
}

/** Of those of one width, from left to right. */
const FIXED = [
  { name: 'rate', title: 'RATE', width: 6 },
  { name: 'age', title: 'AGE', width: 4 },
  { name: 'retained', title: 'R', width: 1 },
  { name: 'count', title: 'COUNT', width: 6 },
  { name: 'bytes', title: 'BYTES', width: 6 },
  { name: 'trend', title: 'TREND', width: 10 },
] as const;

/** What goes first where there is no room. */
const DISPENSABLE: readonly ColumnName[] = ['bytes', 'count', 'trend', 'age', 'rate', 'retained'];
/** Topic and value together want so many. */
const ROOM_FOR_VALUES = 36;
const WIDE_SCREEN = 110;
const WIDE_TREND = 24;
const TITLE_OF_TOPIC = 'TOPIC';

/** @param longestTopic in columns */
export function tableColumns(columns: number, longestTopic: number): readonly TableColumn[] {
  const gap = columns >= WIDE_SCREEN ? 2 : 1;
  const extra = columns >= WIDE_SCREEN ? WIDE_TREND - 10 : 0;
  let fixed = FIXED.map((column) => (column.name === 'trend' ? { ...column, width: 10 + extra } : column));
  const room = (): number => columns - fixed.reduce((sum, { width }) => sum + gap + width, 0);
  for (const name of DISPENSABLE) {
    if (room() >= ROOM_FOR_VALUES) break;
    fixed = fixed.filter((column) => column.name !== name);
  }
  const forBoth = Math.max(0, room() - gap);
  const forTopic = Math.min(
    // With its mark of sorting.
    Math.max(longestTopic, TITLE_OF_TOPIC.length + 1),
    Math.ceil(forBoth * (fixed.length === FIXED.length && gap === 2 ? 0.6 : 0.5)),
  );
  const widths = [
    { name: 'topic', title: TITLE_OF_TOPIC, width: forTopic },
    { name: 'value', title: 'VALUE', width: forBoth - forTopic },
    ...fixed,
  ] as const;
  let start = 0;
  return widths.map((column) => {
    const placed = { ...column, start };
    start += column.width + gap;
    return placed;
  });
}
