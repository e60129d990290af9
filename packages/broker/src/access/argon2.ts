/**
 * Argon2id, off the event loop: Node.js's own where it has it (24.7 and later), else WebAssembly in a thread of its own.
 */
import * as crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { IArgon2Options } from 'hash-wasm';

export interface Argon2Job {
  /** Not empty: nobody hashes an empty password. */
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** KiB; at least 8 for each of `parallelism`. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly hashBytes: number;
}

/** Computes one hash. @throws {Error} if the machine has no room for it */
export type ComputeArgon2 = (job: Argon2Job) => Promise<Uint8Array>;

/** By Node.js itself; undefined where it cannot. */
export function nativeArgon2(): ComputeArgon2 | undefined {
  const { argon2 } = crypto as { readonly argon2?: NativeArgon2 };
  if (argon2 === undefined) return undefined;
  return ({ password, salt, memory, passes, parallelism, hashBytes }) =>
    new Promise((resolve, reject) => {
      argon2(
        'argon2id',
        { message: password, nonce: salt, parallelism, tagLength: hashBytes, memory, passes },
        (error, derived) => (error === null ? resolve(derived) : reject(error)),
      );
    });
}

/** What Node.js has from 24.7 on, and its types for 20 do not know. */
type NativeArgon2 = (
  algorithm: 'argon2id',
  parameters: {
    readonly message: Uint8Array;
    readonly nonce: Uint8Array;
    readonly parallelism: number;
    readonly tagLength: number;
    readonly memory: number;
    readonly passes: number;
  },
  callback: (error: Error | null, derived: Uint8Array) => void,
) => void;

/** For one hash now and then, as commands make it. A server keeps {@link Argon2Thread}s. */
export async function computeArgon2(job: Argon2Job): Promise<Uint8Array> {
  const native = nativeArgon2();
  if (native !== undefined) return native(job);
  const thread = new Argon2Thread();
  try {
    return await thread.compute(job);
  } finally {
    thread.close();
  }
}

/**
 * The program of the thread. It is text, not a file: Node.js 20 cannot run the sources of this package as they are, and
 * a bundler need not know of one more entry point.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { argon2id } = require(workerData);
parentPort.on('message', async (job) => {
  try {
    parentPort.postMessage({ hash: await argon2id(job) });
  } catch (error) {
    parentPort.postMessage({ problem: String(error) });
  }
});`;

type ThreadAnswer = { readonly hash: Uint8Array } | { readonly problem: string };

/** A thread that computes one hash after the other. It keeps no process alive by itself. */
export class Argon2Thread {
  readonly #worker: Worker;
  #settle: ((answer: ThreadAnswer) => void) | null = null;
  #hasEnded = false;

  constructor() {
    const library = createRequire(import.meta.url).resolve('hash-wasm/dist/argon2.umd.min.js');
    this.#worker = new Worker(PROGRAM, { eval: true, workerData: library, env: {}, execArgv: [] });
    this.#worker.on('message', (answer: ThreadAnswer) => this.#onAnswer(answer));
    this.#worker.on('error', (error) => this.#onAnswer({ problem: error.message }));
    this.#worker.on('exit', () => {
      this.#hasEnded = true;
      this.#onAnswer({ problem: 'the thread that hashes has ended' });
    });
  }

  /** Whether it takes no more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** One at a time. */
  async compute({ password, salt, memory, passes, parallelism, hashBytes }: Argon2Job): Promise<Uint8Array> {
    const answer = await new Promise<ThreadAnswer>((resolve) => {
      this.#settle = resolve;
      this.#worker.ref();
      this.#worker.postMessage({
        password,
        salt,
        memorySize: memory,
        iterations: passes,
        parallelism,
        hashLength: hashBytes,
        outputType: 'binary',
      } satisfies IArgon2Options);
    });
    if ('problem' in answer) throw new Error(`Argon2id was not computed: ${answer.problem}`);
    return answer.hash;
  }

  close(): void {
    void this.#worker.terminate();
  }

  #onAnswer(answer: ThreadAnswer): void {
    this.#worker.unref();
    this.#settle?.(answer);
    this.#settle = null;
  }
}
