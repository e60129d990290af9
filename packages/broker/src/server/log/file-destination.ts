/**
 * The log in a file, which is appended to. One write is under way at a time; what comes meanwhile goes with the next one. A disk
 * that is full or slow never stops the broker: beyond a bound lines are lost, counted, and told of in the file once it can be
 * written again.
 */
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import { EnvironmentError } from '../../environment-error.ts';
import type { LogDestination, ReportTrouble } from './log-destination.ts';
import type { LogEntry } from './log-entry.ts';
import type { LineStyle } from './log-line.ts';
import { logLine } from './log-line.ts';

const MAXIMUM_WAITING_BYTES = 1024 * 1024;
const MODE = 0o640;
const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;

/** What of the file system this needs. */
export interface AppendableFiles {
  /** @throws a system error */
  open(path: string): number;
  append(descriptor: number, bytes: Buffer, done: (error: Error | null, written: number) => void): void;
  close(descriptor: number): void;
}

/** @throws {EnvironmentError} if the file cannot be opened */
export function openFileDestination(
  path: string,
  style: LineStyle,
  report: ReportTrouble,
  files: AppendableFiles = NODE_FILES,
): LogDestination {
  return new FileDestination(path, style, report, files);
}

class FileDestination implements LogDestination {
  readonly #path: string;
  readonly #style: LineStyle;
  readonly #report: ReportTrouble;
  readonly #files: AppendableFiles;
  #descriptor: number;
  #waiting: string[];
  #waitingLength: number;
  /** Of the bytes that are being written. */
  #linesUnderWay: number;
  #lost: number;
  /** The latest failure, if nothing has been written since. */
  #failure: string | null;
  /** The last line in the file was cut short by a failure. */
  #isCutShort: boolean;
  #onIdle: (() => void) | null;
  #closing: boolean;

  constructor(path: string, style: LineStyle, report: ReportTrouble, files: AppendableFiles) {
    this.#path = path;
    this.#style = style;
    this.#report = report;
    this.#files = files;
    this.#descriptor = opened(path, files);
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#linesUnderWay = 0;
    this.#lost = 0;
    this.#failure = null;
    this.#isCutShort = false;
    this.#onIdle = null;
    this.#closing = false;
  }

  write(entry: LogEntry): void {
    const line = `${logLine(entry, this.#style)}\n`;
    if (this.#closing || this.#waitingLength + line.length > MAXIMUM_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0 && this.#waiting.length === 0) this.#tellLost(entry);
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    if (this.#linesUnderWay === 0) this.#writeOut();
  }

  reopen(): void {
    let descriptor: number;
    try {
      descriptor = opened(this.#path, this.#files);
    } catch (error) {
      this.#report('log-not-reopened', `${(error as Error).message}; it goes on into the file that was open`);
      return;
    }
    const before = this.#descriptor;
    this.#descriptor = descriptor;
    this.#isCutShort = false;
    this.#whenIdle(() => this.#files.close(before));
  }

  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      this.#whenIdle(() => {
        this.#files.close(this.#descriptor);
        resolve();
      });
    });
  }

  #whenIdle(act: () => void): void {
    if (this.#linesUnderWay === 0) {
      act();
      return;
    }
    const before = this.#onIdle;
    this.#onIdle = () => {
      before?.();
      act();
    };
  }

  #tellLost(entry: LogEntry): void {
    const why = this.#failure ?? 'its disk was too slow';
    const text = `${this.#lost} lines could not be written to ${this.#path}: ${why}`;
    this.#lost = 0;
    const line = `${logLine({ ...entry, level: 'warning', code: 'log-lines-lost', text }, this.#style)}\n`;
    this.#waiting.push(line);
    this.#waitingLength += line.length;
  }

  #writeOut(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#linesUnderWay = lines.length;
    const text = `${this.#isCutShort ? '\n' : ''}${lines.join('')}`;
    this.#append(Buffer.from(text, 'utf8'));
  }

  #append(bytes: Buffer): void {
    this.#files.append(this.#descriptor, bytes, (error, written) => {
      if (error === null && written < bytes.length && written > 0) {
        this.#isCutShort = true;
        this.#append(bytes.subarray(written));
        return;
      }
      if (error === null && written === bytes.length) {
        this.#failure = null;
        this.#isCutShort = false;
      } else this.#fail(error ?? new Error('nothing was written'));
      this.#linesUnderWay = 0;
      if (this.#waiting.length > 0) this.#writeOut();
      else if (this.#onIdle !== null) {
        const act = this.#onIdle;
        this.#onIdle = null;
        act();
      }
    });
  }

  #fail(error: Error): void {
    this.#lost += this.#linesUnderWay;
    const text = error.message;
    if (text !== this.#failure) this.#report('log-not-written', `${this.#path}: ${text}`);
    this.#failure = text;
  }
}

function opened(path: string, files: AppendableFiles): number {
  try {
    return files.open(path);
  } catch (cause) {
    throw notOpened(path, cause);
  }
}

function notOpened(path: string, cause: unknown): EnvironmentError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new EnvironmentError(
    'LOG_NOT_OPENED',
    `the log file ${path} cannot be opened: ${code}; expected a file in a directory that this user may write to`,
    cause,
  );
}

const NODE_FILES: Readonly<AppendableFiles> = {
  open(path) {
    // Not blocking: a pipe that nobody reads would stop the broker for ever.
    const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, MODE);
    if (!fstatSync(descriptor).isDirectory()) return descriptor;
    closeSync(descriptor);
    throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
  },
  append(descriptor, bytes, done) {
    write(descriptor, bytes, 0, bytes.length, null, (error, written) => done(error, written));
  },
  close(descriptor) {
    try {
      closeSync(descriptor);
    } catch {
      // What could not be kept has been told of by the write that failed.
    }
  },
};
