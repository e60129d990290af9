// Another program, as a test runs it: its lines as they come, its end, and no process left behind.

import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type StreamName = 'stdout' | 'stderr';

interface LineWaiter {
  readonly stream: StreamName;
  readonly pattern: RegExp;
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

export class Program {
  readonly child: ChildProcess;
  /** Fulfils when it has ended and all it wrote has been read. */
  readonly exit: Promise<Exit>;
  readonly #written: Record<StreamName, string> = { stdout: '', stderr: '' };
  #waiters: LineWaiter[] = [];
  #hasEnded = false;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    for (const stream of ['stdout', 'stderr'] as const) {
      this.child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.#written[stream] += text;
        this.#settle();
      });
    }
    this.exit = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        this.#hasEnded = true;
        for (const { pattern, reject: refuse } of this.#waiters.splice(0)) refuse(this.#ended(pattern));
        resolve({ code, signal, ...this.#written });
      });
    });
  }

  get stdout(): string {
    return this.#written.stdout;
  }

  get stderr(): string {
    return this.#written.stderr;
  }

  /** The first line that matches, now or later; rejects when the program ends without it. */
  line(pattern: RegExp, stream: StreamName = 'stdout'): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ stream, pattern, resolve, reject });
      this.#settle();
      if (this.#hasEnded)
        for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#ended(waiter.pattern));
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it if it still runs. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exit;
  }

  #settle(): void {
    this.#waiters = this.#waiters.filter(({ stream, pattern, resolve }) => {
      // What follows the last newline is not yet a line.
      const lines = this.#written[stream].split('\n').slice(0, -1);
      const found = lines.find((line) => pattern.test(line));
      if (found === undefined) return true;
      resolve(found);
      return false;
    });
  }

  #ended(pattern: RegExp): Error {
    return new Error(
      `the program ended without a line like ${pattern}; it wrote:\n${this.#written.stdout}${this.#written.stderr}`,
    );
  }
}

/** Starts programs, and ends those that still run when the test is over: `afterEach(() => programs.stopAll())`. */
export class Programs {
  readonly #started: Program[] = [];

  start(command: string, args: readonly string[], options?: SpawnOptions): Program {
    const program = new Program(command, args, options);
    this.#started.push(program);
    return program;
  }

  /** Runs one to its end. */
  run(command: string, args: readonly string[], options?: SpawnOptions): Promise<Exit> {
    const program = this.start(command, args, options);
    program.child.stdin?.end();
    return program.exit;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((program) => program.stop().catch(() => {})));
  }
}
