/** How far a long piece of work has come, drawn over itself on a terminal, and nothing elsewhere. */
import { counted } from './amount-text.ts';
import type { TextStyle } from './text-style.ts';
import { textStyleFor } from './text-style.ts';

export interface ProgressTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Work that is over sooner shows nothing, in ms. */
export const SHOWN_AFTER_MS = 300;
/** Between two drawings, in ms. */
export const REDRAWN_AFTER_MS = 100;

/** Where there is room; it shrinks before anything that is said in words and figures is left out. */
const BAR_COLUMNS = 30;
/** A shorter one says nothing. */
const LEAST_BAR_COLUMNS = 5;
const KIB = 1024;
const MIB = 1024 * 1024;
const ERASE_LINE = '\r\u001b[K';

export class ProgressBar {
  readonly #terminal: ProgressTerminal;
  readonly #style: TextStyle;
  readonly #title: string;
  readonly #nowMs: () => number;
  #nextMs: number;
  #drawn: boolean;

  /**
   * @param title What is being done, such as `Reading the store`.
   * @param nowMs A monotonic clock.
   */
  constructor(
    terminal: ProgressTerminal,
    style: TextStyle,
    title: string,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#terminal = terminal;
    this.#style = style;
    this.#title = title;
    this.#nowMs = nowMs;
    this.#nextMs = nowMs() + SHOWN_AFTER_MS;
    this.#drawn = false;
  }

  /**
   * @param total 0 if it is not known yet.
   * @param noun What is counted, such as `message`; left out, it is bytes.
   * @param note What more there is to say, such as the time left.
   */
  show(done: number, total: number, noun?: string, note?: string): void {
    if (this.#terminal.isTTY !== true || total <= 0 || this.#nowMs() < this.#nextMs) return;
    this.#nextMs = this.#nowMs() + REDRAWN_AFTER_MS;
    this.#drawn = true;
    const share = Math.min(1, done / total);
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    const amounts =
      noun === undefined
        ? bytesOfText(done, total)
        : `${done.toLocaleString('en-US')} of ${counted(total, noun)}`;
    // Some terminals say 0 when they do not know.
    const columns = this.#terminal.columns || 80;
    const line = this.#line(columns, share, percent, [amounts, ...(note === undefined ? [] : [note])]);
    this.#terminal.write(`${ERASE_LINE}${line}`);
  }

  /** As much as fits: a line that is broken could not be drawn over. */
  #line(columns: number, share: number, percent: string, figures: readonly string[]): string {
    const text = `${percent}  ${figures.join(', ')}`;
    const room = Math.min(BAR_COLUMNS, columns - this.#title.length - text.length - 3);
    if (room >= LEAST_BAR_COLUMNS) return `${this.#title}  ${barText(share, room, this.#style)} ${text}`;
    const shorter = [`${this.#title}  ${text}`, text, `${percent}  ${figures.at(-1)}`];
    return shorter.find(({ length }) => length <= columns) ?? percent;
  }

  /** Takes it off the terminal. */
  end(): void {
    if (this.#drawn) this.#terminal.write(ERASE_LINE);
    this.#drawn = false;
  }
}

/** Does work that shows on standard error how far it is, until it ends or the process does. */
export async function withProgress<Result>(
  title: string,
  work: (progress: ProgressBar) => Promise<Result>,
): Promise<Result> {
  const progress = new ProgressBar(process.stderr, textStyleFor(process.stderr), title);
  const end = (): void => progress.end();
  process.once('exit', end);
  try {
    return await work(progress);
  } finally {
    process.off('exit', end);
    progress.end();
  }
}

/** A bar of full and empty columns. */
export function barText(share: number, columns: number, style: TextStyle): string {
  const full = Math.round(share * columns);
  return style('cyan', '█'.repeat(full)) + style('dim', '░'.repeat(columns - full));
}

/** Such as `0.6 of 2 MiB`: both in the largest unit of which all of it has one. */
function bytesOfText(done: number, total: number): string {
  const [size, unit] = total >= MIB ? [MIB, 'MiB'] : total >= KIB ? [KIB, 'KiB'] : [1, 'bytes'];
  const digits = size > 1 && total < 10 * size ? 10 : 1;
  const amount = (bytes: number): string =>
    (Math.floor((bytes / size) * digits) / digits).toLocaleString('en-US');
  return `${amount(done)} of ${amount(total)} ${unit}`;
}
