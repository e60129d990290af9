/**
 * The log in the system's own, through the program `logger`: Node.js has no Unix datagrams. One process is kept, and started
 * again, at most once a minute, when it has ended.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { LogLevel } from '../../core/ports/log.ts';
import type { LogDestination, ReportTrouble } from './log-destination.ts';
import type { LogEntry } from './log-entry.ts';
import { escapeControls } from './log-line.ts';

/** As syslog numbers them. */
const SEVERITY: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

const MAXIMUM_WAITING_BYTES = 1024 * 1024;
const LEAST_RESTART_MS = 60_000;
/** A program that does not end with its input is ended. */
const LONGEST_CLOSE_MS = 2000;

export interface SyslogOptions {
  /** Such as `daemon` or `local0`. */
  readonly facility: string;
  /** What stands before each line. */
  readonly tag: string;
  /** The program. */
  readonly program?: string;
}

type Logger = ChildProcessByStdio<Writable, null, null>;

export class SyslogDestination implements LogDestination {
  readonly #options: SyslogOptions;
  readonly #report: ReportTrouble;
  #logger: Logger | null;
  #startedMs: number;
  #lost: number;

  constructor(options: SyslogOptions, report: ReportTrouble) {
    this.#options = options;
    this.#report = report;
    this.#startedMs = Number.NEGATIVE_INFINITY;
    this.#lost = 0;
    this.#logger = null;
  }

  write(entry: LogEntry): void {
    const logger = this.#running(entry.wallMs);
    if (logger === null || logger.stdin.writableLength > MAXIMUM_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      logger.stdin.write(`<${SEVERITY.warning}>log-lines-lost: ${this.#lost} lines were lost\n`);
      this.#lost = 0;
    }
    logger.stdin.write(`<${SEVERITY[entry.level]}>${entry.code}: ${escapeControls(entry.text)}\n`);
  }

  reopen(): void {}

  close(): Promise<void> {
    const logger = this.#logger;
    this.#logger = null;
    this.#startedMs = Number.POSITIVE_INFINITY;
    if (logger === null || logger.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => logger.kill('SIGKILL'), LONGEST_CLOSE_MS);
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      logger.once('exit', end);
      logger.once('error', end);
      logger.stdin.end();
    });
  }

  /** @param wallMs now; a clock that jumps makes a restart earlier or later, and no more */
  #running(wallMs: number): Logger | null {
    if (this.#logger !== null) return this.#logger;
    if (this.#startedMs === Number.POSITIVE_INFINITY) return null;
    if (Math.abs(wallMs - this.#startedMs) < LEAST_RESTART_MS) return null;
    this.#startedMs = wallMs;
    const { facility, tag, program = 'logger' } = this.#options;
    const args = ['--prio-prefix', '--priority', `${facility}.notice`, '--tag', tag, `--id=${process.pid}`];
    const logger = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const onEnd = (why: string): void => {
      if (this.#logger !== logger) return;
      this.#logger = null;
      this.#report('syslog-not-written', `${program} ${why}; the log goes nowhere by way of syslog for now`);
    };
    logger.stdin.on('error', () => {});
    logger.once('error', (error: NodeJS.ErrnoException) =>
      onEnd(`could not be started: ${error.code ?? error.message}`),
    );
    logger.once('exit', (code, signal) => onEnd(`ended (${signal ?? `exit code ${code}`})`));
    // It ends when its input does, so the broker need not live for it.
    logger.unref();
    this.#logger = logger;
    return logger;
  }
}
