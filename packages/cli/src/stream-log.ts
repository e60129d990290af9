/**
 * The broker's log as lines on a stream, with the time. One entry is one line, whatever peers put into the text: control
 * characters are escaped, so that a client identifier can neither forge a line nor command the terminal.
 */
import type { Log, LogLevel } from '@martlet/broker';

export type LogFormat = 'text' | 'json';

/** What of a stream a log needs. */
export interface LineSink {
  write(text: string): unknown;
}

export interface StreamLogOptions {
  readonly format: LogFormat;
  /** Entries of less weight are left out. */
  readonly level: LogLevel;
  readonly now: () => Date;
  /** Marks up a level for people: colour on a terminal. */
  readonly styleLevel: (level: LogLevel) => string;
}

/** The gravest first. */
const LEVELS: readonly LogLevel[] = ['error', 'warning', 'notice', 'info', 'debug'];

export class StreamLog implements Log {
  readonly #sink: LineSink;
  readonly #options: StreamLogOptions;
  readonly #maximum: number;

  constructor(sink: LineSink, options: StreamLogOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#maximum = LEVELS.indexOf(options.level);
  }

  write(level: LogLevel, code: string, text: string): void {
    if (LEVELS.indexOf(level) > this.#maximum) return;
    const time = this.#options.now().toISOString();
    const line =
      this.#options.format === 'json'
        ? JSON.stringify({ time, level, code, text })
        : `${time} ${this.#options.styleLevel(level)} ${code}: ${escapeControls(text)}`;
    this.#sink.write(`${line}\n`);
  }
}

export function escapeControls(text: string): string {
  // C0, DEL, C1, the line separators, and what turns the direction of writing.
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => {
      if (character === '\n') return '\\n';
      if (character === '\t') return '\\t';
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}
