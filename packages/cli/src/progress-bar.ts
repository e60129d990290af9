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

const BAR_COLUMNS = 30;
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
        ? `${mebibytes(done)} of ${mebibytes(total)} MiB`
        : `${done.toLocaleString('en-US')} of ${counted(total, noun)}`;
    const figures = note === undefined ? amounts : `${amounts}, ${note}`;
    const line = `${this.#title}  ${barText(share, BAR_COLUMNS, this.#style)} ${percent}  ${figures}`;
    const plain = this.#title.length + BAR_COLUMNS + figures.length + percent.length + 5;
    // A line that is broken could not be drawn over. Some terminals say 0 when they do not know.
    const fits = plain <= (this.#terminal.columns || 80);
    this.#terminal.write(`${ERASE_LINE}${fits ? line : percent}`);
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

function mebibytes(bytes: number): string {
  return Math.floor(bytes / 1024 / 1024).toLocaleString('en-US');
}
