/** Two pseudo-terminals, each the other's far end: a serial line without a wire. Python has what Node.js lacks for it. */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const SCRIPT = `
import os, pty, select, tty
a, a_end = pty.openpty()
b, b_end = pty.openpty()
for end in (a_end, b_end):
    tty.setraw(end)
print(os.ttyname(a_end), os.ttyname(b_end), flush=True)
while True:
    for ready in select.select([a, b], [], [])[0]:
        os.write(b if ready == a else a, os.read(ready, 4096))
`;

export const hasPython: boolean = spawnSync('/usr/bin/python3', ['-c', 'import pty']).status === 0;

export class PtyPair {
  readonly paths: readonly [string, string];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, paths: readonly [string, string]) {
    this.#process = process;
    this.paths = paths;
  }

  static async open(): Promise<PtyPair> {
    const process = spawn('/usr/bin/python3', ['-c', SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve, reject) => {
      process.once('error', reject);
      process.once('exit', () => reject(new Error('expected two pseudo-terminals')));
      createInterface({ input: process.stdout }).once('line', resolve);
    });
    const [a = '', b = ''] = line.split(' ');
    return new PtyPair(process, [a, b]);
  }

  /** The line takes no bytes any more. */
  stop(): void {
    this.#process.kill('SIGSTOP');
  }

  /** The devices are gone. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    // Also if it was stopped.
    this.#process.kill('SIGKILL');
    await ended;
  }
}
