/**
 * The alternate screen of a terminal: what was on the terminal comes back when it is closed, however the process ends, short
 * of SIGKILL. Of each drawing only the lines are written that have changed.
 */
import type { OutputStream } from '../command.ts';
import type { TextStyle } from '../text-style.ts';
import type { Line, Size } from './line.ts';
import { terminalText } from './line.ts';

/** Alternate screen, no cursor, no automatic line break, empty. */
const OPEN = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const CLOSE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
/** The terminal shows what lies between these at once, if it knows them. */
const BEGIN_UPDATE = '\u001b[?2026h';
const END_UPDATE = '\u001b[?2026l';
const ERASE_LINE = '\u001b[2K';
/** Terminals say 0 when they do not know. */
const DEFAULT_SIZE: Readonly<Size> = { columns: 80, rows: 24 };

export class Screen {
  readonly #terminal: OutputStream;
  readonly #style: TextStyle;
  readonly #onResize: () => void;
  #isOpen = false;
  /** The terminal has not yet taken the last drawing. */
  #isBusy = false;
  /** What stands on it. */
  #shown: string[] = [];

  /** @param onResize everything has to be drawn again */
  constructor(terminal: OutputStream, style: TextStyle, onResize: () => void) {
    this.#terminal = terminal;
    this.#style = style;
    this.#onResize = onResize;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get size(): Size {
    const { columns, rows } = this.#terminal;
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#shown = [];
    this.#terminal.on('resize', this.#onResized).on('drain', this.#onDrain);
    // A stack trace is to be read on the screen that stays.
    process.once('uncaughtExceptionMonitor', this.#onEnd).once('exit', this.#onEnd);
    this.#terminal.write(OPEN);
  }

  /** @param lines of which those below the height are left out */
  draw(lines: readonly Line[]): void {
    // A terminal that is slow gets fewer drawings, not a queue of them.
    if (!this.#isOpen || this.#isBusy) return;
    const { rows } = this.size;
    let text = '';
    for (let row = 0; row < rows; row++) {
      const line = terminalText(lines[row] ?? [], this.#style);
      if (line === (this.#shown[row] ?? '')) continue;
      this.#shown[row] = line;
      // Erased before, not after: a line that fills its columns leaves the cursor on its last character.
      text += `\u001b[${row + 1};1H${ERASE_LINE}${line}`;
    }
    if (text !== '') this.#isBusy = !this.#terminal.write(`${BEGIN_UPDATE}${text}${END_UPDATE}`);
  }

  /** Draws everything again next time: something else has written on the terminal. */
  clear(): void {
    this.#shown = [];
    if (this.#isOpen) this.#terminal.write('\u001b[2J');
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.off('resize', this.#onResized).off('drain', this.#onDrain);
    process.off('uncaughtExceptionMonitor', this.#onEnd).off('exit', this.#onEnd);
    this.#terminal.write(CLOSE);
  }

  readonly #onEnd = (): void => this.close();

  readonly #onDrain = (): void => {
    this.#isBusy = false;
  };

  readonly #onResized = (): void => {
    this.clear();
    this.#onResize();
  };
}
