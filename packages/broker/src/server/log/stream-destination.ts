/** The log on standard output or standard error. */
import type { LogLevel } from '../../core/ports/log.ts';
import type { LogDestination } from './log-destination.ts';
import type { LogEntry } from './log-entry.ts';
import type { LineStyle } from './log-line.ts';
import { logLine } from './log-line.ts';

/** What of a stream the log needs. */
export interface LogStream {
  write(text: string): unknown;
  /** Bytes that nobody has read yet. */
  readonly writableLength?: number;
}

/** A reader that has stopped reading makes the broker hold no more than this. */
const MAXIMUM_WAITING_BYTES = 4 * 1024 * 1024;

export class StreamDestination implements LogDestination {
  readonly #stream: LogStream;
  readonly #style: LineStyle;
  readonly #markLevel: (level: LogLevel) => string;
  #lost: number;

  constructor(stream: LogStream, style: LineStyle, markLevel: (level: LogLevel) => string) {
    this.#stream = stream;
    this.#style = style;
    this.#markLevel = markLevel;
    this.#lost = 0;
  }

  write(entry: LogEntry): void {
    if ((this.#stream.writableLength ?? 0) > MAXIMUM_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      const text = `${this.#lost} lines were lost: nobody read what had been written before`;
      this.#lost = 0;
      this.#writeLine({ ...entry, level: 'warning', code: 'log-lines-lost', text });
    }
    this.#writeLine(entry);
  }

  reopen(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  #writeLine(entry: LogEntry): void {
    this.#stream.write(`${logLine(entry, this.#style, this.#markLevel)}\n`);
  }
}
