/** The table as lines: a function of what is known, what is chosen, the size and the time. */
import { counted } from '../amount-text.ts';
import type { Line, Size, Span } from '../terminal/line.ts';
import { shortAge, shortAmount, shortRate } from '../terminal/short-amount.ts';
import { atRight, columnsOf, shownTail, shownText } from '../terminal/shown-text.ts';
import { sparkline } from '../terminal/sparkline.ts';
import type { TopicReading } from './live-topic.ts';
import type { PictureFoot, PictureStatus } from './picture-lines.ts';
import { footLine, noRoomText, statusLine } from './picture-lines.ts';
import type { ColumnName, TableColumn } from './table-columns.ts';
import { tableColumns } from './table-columns.ts';
import type { Sorting, TableRow } from './table-rows.ts';
import { valueText } from './value-text.ts';

/** What stands above and below the rows. */
const LINES_AROUND = 3;

export interface TableContent {
  /** What is subscribed to. */
  readonly title: string;
  readonly rows: readonly TableRow[];
  /** The first row that is shown, from 0. */
  readonly offset: number;
  readonly sorting: Sorting;
  readonly filter: string;
  /** The filter is being typed. */
  readonly isTyping: boolean;
  readonly isPaused: boolean;
  readonly topics: number;
  readonly messages: number;
  /** Messages of topics for which there was no room. */
  readonly leftOut: number;
  /** Messages per second. */
  readonly rate: number;
  /** In place of what the keys do. */
  readonly notice: string | undefined;
}

/** Rows of the table that a screen has room for. */
export function rowsOn({ rows }: Size): number {
  return Math.max(0, rows - LINES_AROUND);
}

export function tableLines(content: TableContent, size: Size, nowMs: number): readonly Line[] {
  const { rows, offset } = content;
  const { columns } = size;
  const names = rows.slice(offset, offset + rowsOn(size)).map((row) => row.reading(nowMs));
  const longest = Math.max(0, ...names.map(({ topicName }) => columnsOf(shownText(topicName, columns))));
  const places = tableColumns(columns, longest);
  const body: Line[] = names.map((reading) => places.flatMap((place) => cell(reading, place)));
  if (body.length === 0 && rowsOn(size) > 0)
    body.push([{ column: 0, text: shownText(whyEmpty(content), columns), style: 'dim' }]);
  while (body.length < rowsOn(size)) body.push([]);
  return [
    statusLine(statusOf(content), columns),
    headLine(content, places),
    ...body,
    footLine(footOf(content), columns),
  ];
}

function whyEmpty({ title, filter, topics }: TableContent): string {
  if (topics > 0) return `no topic has ${JSON.stringify(filter)} in it`;
  return `waiting for messages of ${title}`;
}

function statusOf(content: TableContent): PictureStatus {
  const { title, isPaused, topics, messages, leftOut, rate, rows, filter } = content;
  const all = counted(topics, 'topic');
  const topicsText = filter === '' ? all : `${rows.length.toLocaleString('en-US')} of ${all}`;
  return {
    title,
    note: isPaused ? 'paused' : noRoomText(leftOut),
    figures: `${topicsText}  ${counted(messages, 'message')}  ${shortRate(rate)}/s`,
  };
}

/** Titles stand over their figures, with a mark at the one that the rows are sorted by. */
function headLine({ sorting: { column, isReversed } }: TableContent, places: readonly TableColumn[]): Line {
  const upwards = (column === 'topic' || column === 'age') !== isReversed;
  return places.map(({ name, title, start, width }) => {
    const text = shownText(name === column ? `${title}${upwards ? '↑' : '↓'}` : title, width);
    return { column: isAtRight(name) ? start + width - columnsOf(text) : start, text, style: 'dim' };
  });
}

function isAtRight(name: ColumnName): boolean {
  return name === 'rate' || name === 'age' || name === 'count' || name === 'bytes';
}

function cell(reading: TopicReading, { name, start, width }: TableColumn): readonly Span[] {
  const { topicName, payload, payloadLength, isRetained, isNumeric, trend } = reading;
  switch (name) {
    case 'topic':
      return [{ column: start, text: shownTail(topicName, width), style: 'cyan' }];
    case 'value':
      if (payloadLength === 0) return [{ column: start, text: shownText('(empty)', width), style: 'dim' }];
      return [{ column: start, text: valueText(payload, width, payloadLength > payload.length) }];
    case 'rate':
      return [{ column: start, text: atRight(shortRate(reading.rate), width) }];
    case 'age':
      return [{ column: start, text: atRight(shortAge(reading.ageMs), width) }];
    case 'retained':
      return isRetained ? [{ column: start, text: 'R', style: 'yellow' }] : [];
    case 'count':
      return [{ column: start, text: atRight(shortAmount(reading.count), width) }];
    case 'bytes':
      return [{ column: start, text: atRight(shortAmount(reading.bytes), width) }];
    case 'trend':
      return [
        { column: start, text: sparkline(trend, width, !isNumeric), style: isNumeric ? 'cyan' : 'dim' },
      ];
  }
}

const KEYS = 'q quit  / filter  t r a c b sort  p pause  ↑ ↓ PgUp PgDn scroll';

function footOf({ notice, filter, isTyping }: TableContent): PictureFoot {
  return {
    typed: isTyping ? `/${filter}` : undefined,
    notice,
    keys: filter === '' ? KEYS : `/${filter}  Esc shows all  ${KEYS}`,
  };
}
