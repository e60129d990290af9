// A program in a pseudo-terminal, and what a person would see of it. The pseudo-terminal is that of script(1) from util-linux;
// the screen is that of xterm.js without a window, so that what the program writes is read by somebody else's terminal.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import xterm from '@xterm/headless';
import type { Exit } from './program.ts';
import { Program } from './program.ts';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Other systems have other programs of this name, or none. */
export const hasPseudoTerminals: boolean = /util-linux/.test(
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '',
);

/** A screen that is not so by then never will be; the error has what stands on it. */
const PATIENCE_MS = 50_000;

interface Waiter {
  readonly condition: (lines: readonly string[]) => boolean;
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (error: Error) => void;
}

export class TerminalProgram {
  readonly #program: Program;
  readonly #screen: xterm.Terminal;
  #waiters: Waiter[] = [];
  /** Everything that it wrote. */
  written = '';

  constructor(command: string, args: readonly string[], options: TerminalOptions = {}) {
    const { columns = 80, rows = 24, env = {} } = options;
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const line = [command, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const started = `stty rows ${rows} cols ${columns}; exec ${line}`;
    this.#program = new Program('script', ['-qefc', started, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
    });
    this.#program.child.stdout?.on('data', (text: string) => {
      this.written += text;
      this.#screen.write(text, () => this.#settle());
    });
    this.#program.exit.then(
      ({ stdout }) => this.#onExit(stdout),
      () => this.#onExit('nothing'),
    );
  }

  get exit(): Promise<Exit> {
    return this.#program.exit;
  }

  /** What stands on the screen, without blanks at the ends of lines. */
  get lines(): readonly string[] {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, row) => {
      return active.getLine(active.viewportY + row)?.translateToString(true) ?? '';
    });
  }

  get isAlternate(): boolean {
    return this.#screen.buffer.active.type === 'alternate';
  }

  /** Fulfils when what stands on the screen is so, now or later. */
  until(condition: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#notSo('in time')), PATIENCE_MS);
      this.#waiters.push({
        condition,
        resolve: (lines) => {
          clearTimeout(timer);
          resolve(lines);
        },
        reject,
      });
      this.#settle();
    });
  }

  /** A line on the screen like this, now or later. */
  async shows(pattern: RegExp): Promise<string> {
    const lines = await this.until((shown) => shown.some((line) => pattern.test(line)));
    return lines.find((line) => pattern.test(line))!;
  }

  /** Columns at which the text stands, in the rows from one to before the other. Wide characters take two. */
  columnsOf(text: string, fromRow: number, toRow: number): readonly number[] {
    const { active } = this.#screen.buffer;
    const found: number[] = [];
    for (let row = fromRow; row < toRow; row++) {
      const line = active.getLine(active.viewportY + row)!;
      for (let column = 0; column < this.#screen.cols; column++)
        if (line.translateToString(true, column).startsWith(text)) found.push(column);
    }
    return found;
  }

  type(text: string): void {
    this.#program.child.stdin?.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    const device = readlinkSync(`/proc/${this.pid}/fd/0`);
    execFileSync('stty', ['-F', device, 'cols', String(columns), 'rows', String(rows)]);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Of the program, which script(1) has started. */
  get pid(): number {
    const pid = this.#program.child.pid!;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  }

  async stop(): Promise<void> {
    await this.#program.stop();
    this.#screen.dispose();
  }

  #settle(): void {
    const { lines } = this;
    this.#waiters = this.#waiters.filter(({ condition, resolve }) => {
      if (!condition(lines)) return true;
      resolve(lines);
      return false;
    });
  }

  #notSo(when: string): Error {
    return new Error(`the screen was not so ${when}; on it stood:\n${this.lines.join('\n')}`);
  }

  #onExit(written: string): void {
    const error = this.#notSo(`before the program ended, having written ${JSON.stringify(written)}`);
    // What was written last may still be on its way to the screen.
    this.#screen.write('', () => {
      this.#settle();
      for (const { reject } of this.#waiters.splice(0)) reject(error);
    });
  }
}
