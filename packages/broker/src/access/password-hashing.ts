/**
 * Verifies passwords for a server: off the event loop, so many at a time and no more, the others in the order in which
 * they came. PBKDF2 runs in Node's thread pool, of which one thread is always left to the disk; Argon2id in threads of
 * their own, since each needs some 50 MB of memory.
 */
import { availableParallelism } from 'node:os';
import type { ComputeArgon2 } from './argon2.ts';
import { Argon2Thread, nativeArgon2 } from './argon2.ts';
import type { PasswordHash } from './password-hash.ts';
import { verifyPassword } from './password-hash.ts';

export interface PasswordHashingOptions {
  /** Computed at the same time. @default 4 */
  readonly concurrency?: number;
  /** That wait for their turn, of PBKDF2 and of Argon2id each. @default 1000 */
  readonly queue?: number;
}

/** After which a thread that has nothing to do is ended, with its memory. */
const IDLE_MS = 30_000;

/** Of Node.js, if `UV_THREADPOOL_SIZE` says nothing else. */
const POOL_THREADS = 4;

export class PasswordHashing {
  readonly #pool: HashingLane;
  readonly #threads: HashingLane;
  readonly #argon2: ComputeArgon2;
  /** Each with what takes its end back. */
  readonly #idle = new Map<Argon2Thread, NodeJS.Timeout>();
  #isClosed = false;

  constructor({ concurrency = 4, queue = 1000 }: PasswordHashingOptions = {}) {
    const poolThreads = Number(process.env['UV_THREADPOOL_SIZE'] ?? POOL_THREADS) || POOL_THREADS;
    this.#pool = new HashingLane(Math.max(1, Math.min(concurrency, poolThreads - 1)), queue);
    this.#threads = new HashingLane(Math.max(1, Math.min(concurrency, availableParallelism())), queue);
    this.#argon2 = nativeArgon2() ?? ((job) => this.#inThread(job));
  }

  /** Computed now. */
  get underWay(): number {
    return this.#pool.underWay + this.#threads.underWay;
  }

  get waiting(): number {
    return this.#pool.waiting + this.#threads.waiting;
  }

  /**
   * Whether it is this password; undefined if too many wait already, and nothing was computed.
   * @param isWanted asked when its turn has come: if not, nothing is computed, and it is not this password. @default it is
   * @throws {Error} by the promise, if the machine has no room for it
   */
  verify(
    password: Uint8Array,
    hash: PasswordHash,
    isWanted: () => boolean = () => true,
  ): Promise<boolean> | undefined {
    const verify = async (): Promise<boolean> =>
      isWanted() && (await verifyPassword(password, hash, this.#argon2));
    switch (hash.kind) {
      case 'sha512':
        return verify();
      case 'sha512-pbkdf2':
        return this.#pool.run(verify);
      case 'argon2id':
        return this.#threads.run(verify);
    }
  }

  /** Ends its threads; those that compute, when they have done so. */
  close(): void {
    this.#isClosed = true;
    for (const thread of this.#idle.keys()) this.#end(thread);
  }

  async #inThread(job: Parameters<ComputeArgon2>[0]): Promise<Uint8Array> {
    const thread = this.#takeIdle() ?? new Argon2Thread();
    try {
      return await thread.compute(job);
    } finally {
      if (this.#isClosed) thread.close();
      else this.#idle.set(thread, setTimeout(() => this.#end(thread), IDLE_MS).unref());
    }
  }

  #takeIdle(): Argon2Thread | undefined {
    for (const [thread, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(thread);
      if (!thread.hasEnded) return thread;
    }
    return undefined;
  }

  #end(thread: Argon2Thread): void {
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
    thread.close();
  }
}

/** So many at a time, the others in order. */
class HashingLane {
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #begin: (() => void)[] = [];
  #underWay = 0;

  constructor(concurrency: number, queue: number) {
    this.#concurrency = concurrency;
    this.#queue = queue;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#begin.length;
  }

  run(verify: () => Promise<boolean>): Promise<boolean> | undefined {
    if (this.#underWay < this.#concurrency) return this.#run(verify);
    if (this.#begin.length >= this.#queue) return undefined;
    return new Promise((resolve) => {
      this.#begin.push(() => resolve(this.#run(verify)));
    });
  }

  async #run(verify: () => Promise<boolean>): Promise<boolean> {
    this.#underWay++;
    try {
      return await verify();
    } finally {
      this.#underWay--;
      this.#begin.shift()?.();
    }
  }
}
