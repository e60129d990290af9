/** `--table`: a line for each topic, with its last value, that is sorted, filtered, scrolled and paused by keys. */
import type { ReceivedMessage } from '../messages/received-message.ts';
import type { Key } from '../terminal/keyboard.ts';
import type { Line, Size } from '../terminal/line.ts';
import { typedText } from '../terminal/typed-text.ts';
import type { TopicLimits } from './live-topics.ts';
import { LiveTopics } from './live-topics.ts';
import type { Picture, PictureWish } from './picture.ts';
import { rowsOn, tableLines } from './table-lines.ts';
import type { SortColumn, Sorting, TableRow } from './table-rows.ts';
import { frozenRow, shownRows } from './table-rows.ts';

const SORT_KEYS: ReadonlyMap<Key, SortColumn> = new Map([
  ['t', 'topic'],
  ['r', 'rate'],
  ['a', 'age'],
  ['c', 'count'],
  ['b', 'bytes'],
]);

/** What stands still while the table is paused; messages are counted all the same, and shown afterwards. */
interface Pause {
  readonly atMs: number;
  readonly rows: readonly TableRow[];
}

export class TablePicture implements Picture {
  readonly #title: string;
  readonly #topics: LiveTopics;
  #sorting: Sorting = { column: 'topic', isReversed: false };
  #filter = '';
  #isTyping = false;
  #offset = 0;
  #pause: Pause | undefined;

  /** @param title what is subscribed to */
  constructor(title: string, nowMs: number, limits?: TopicLimits) {
    this.#title = title;
    this.#topics = new LiveTopics(nowMs, limits);
  }

  message(message: ReceivedMessage, nowMs: number, wallMs: number): void {
    this.#topics.onMessage(message, nowMs, wallMs);
  }

  key(key: Key, size: Size, nowMs: number): PictureWish | undefined {
    if (this.#scroll(key, size, nowMs)) return undefined;
    if (this.#isTyping) {
      this.#type(key);
      return undefined;
    }
    if (key === 'q') return { kind: 'quit' };
    const column = SORT_KEYS.get(key);
    if (column !== undefined) this.#sortBy(column);
    else if (key === 'p' || key === 'space') this.#togglePause(nowMs);
    else if (key === '/') this.#isTyping = true;
    else if (key === 'escape') this.#filterBy('');
    return undefined;
  }

  lines(size: Size, nowMs: number, notice: string | undefined): readonly Line[] {
    const atMs = this.#pause?.atMs ?? nowMs;
    const rows = this.#rows(nowMs);
    const content = {
      title: this.#title,
      rows,
      offset: Math.min(this.#offset, lastOffset(rows, size)),
      sorting: this.#sorting,
      filter: this.#filter,
      isTyping: this.#isTyping,
      isPaused: this.#pause !== undefined,
      topics: this.#topics.size,
      messages: this.#topics.count,
      leftOut: this.#topics.leftOut,
      rate: this.#topics.rate(nowMs),
      notice,
    };
    return tableLines(content, size, atMs);
  }

  summary(): string {
    return this.#topics.summary;
  }

  #rows(nowMs: number): readonly TableRow[] {
    const { rows, atMs } = this.#pause ?? { rows: this.#topics.all, atMs: nowMs };
    return shownRows(rows, this.#filter, this.#sorting, atMs);
  }

  /** @returns whether the key scrolls */
  #scroll(key: Key, size: Size, nowMs: number): boolean {
    const page = Math.max(1, rowsOn(size) - 1);
    const last = lastOffset(this.#rows(nowMs), size);
    const from = Math.min(this.#offset, last);
    const to = this.#offsetFor(key, from, page, last);
    if (to === undefined) return false;
    this.#offset = Math.max(0, Math.min(to, last));
    return true;
  }

  #offsetFor(key: Key, from: number, page: number, last: number): number | undefined {
    switch (key) {
      case 'up':
        return from - 1;
      case 'down':
        return from + 1;
      case 'pageup':
        return from - page;
      case 'pagedown':
        return from + page;
      case 'home':
        return 0;
      case 'end':
        return last;
    }
    if (this.#isTyping) return undefined;
    if (key === 'k') return from - 1;
    if (key === 'j') return from + 1;
    if (key === 'g') return 0;
    return key === 'G' ? last : undefined;
  }

  /** The same column again turns the order round. */
  #sortBy(column: SortColumn): void {
    const isAgain = this.#sorting.column === column;
    this.#sorting = { column, isReversed: isAgain && !this.#sorting.isReversed };
    this.#offset = 0;
  }

  #type(key: Key): void {
    if (key === 'return') this.#isTyping = false;
    else if (key === 'escape') {
      this.#isTyping = false;
      this.#filterBy('');
    } else this.#filterBy(typedText(this.#filter, key) ?? this.#filter);
  }

  #filterBy(filter: string): void {
    if (filter === this.#filter) return;
    this.#filter = filter;
    this.#offset = 0;
  }

  #togglePause(nowMs: number): void {
    this.#pause =
      this.#pause === undefined
        ? { atMs: nowMs, rows: this.#topics.all.map((topic) => frozenRow(topic, nowMs)) }
        : undefined;
  }
}

/** At which the last row stands at the bottom. */
function lastOffset(rows: readonly TableRow[], size: Size): number {
  return Math.max(0, rows.length - rowsOn(size));
}
