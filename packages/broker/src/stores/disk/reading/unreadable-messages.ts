import { systemCode } from '../files/log-files.ts';
import type { StoreFailure } from '../files/store-failure.ts';

/** A message is given up when so many tries have failed. */
const TRIES = 4;
/** Ms from one of them to the next: what fails for a moment only is not lost. */
const BETWEEN_TRIES_MS = 1000;
/** Of so many messages the tries are counted at the same time: a disk that reads nothing costs no more memory. */
const MAXIMUM_COUNTED = 1024;
/** What the system says of bytes that are lost. Anything else, such as a lack of descriptors, passes. */
const LOST: readonly string[] = ['EIO', 'EBADMSG', 'EUCLEAN', 'ENOENT'];

interface Tries {
  count: number;
  lastMs: number;
}

/**
 * Decides when a message that cannot be read is to be given up, so that it holds up neither its queue nor the freeing of
 * space for ever: after several tries, with time between them, while the disk takes what is written.
 */
export class UnreadableMessages {
  /** The last commit failed: the disk is not there, or all of it is ill. Nothing is given up then. */
  writesFail: boolean;
  readonly #clock: { readonly nowMs: number };
  /** By message identifier, the longest there first. */
  readonly #tries: Map<number, Tries>;

  /** @param clock monotonic */
  constructor(clock: { readonly nowMs: number }) {
    this.writesFail = false;
    this.#clock = clock;
    this.#tries = new Map();
  }

  /**
   * Reading this message has failed. Returns how many tries that counts for; 0 if the last one was only just, so that
   * nobody needs to be told again.
   */
  onFailure(id: number): number {
    const { nowMs } = this.#clock;
    const tries = this.#tries.get(id);
    if (tries === undefined) {
      for (const oldest of this.#tries.keys()) {
        if (this.#tries.size < MAXIMUM_COUNTED) break;
        this.#tries.delete(oldest);
      }
      this.#tries.set(id, { count: 1, lastMs: nowMs });
      return 1;
    }
    if (nowMs - tries.lastMs < BETWEEN_TRIES_MS) return 0;
    tries.lastMs = nowMs;
    return ++tries.count;
  }

  /** Whether the message is lost, after a failure that counted for so many tries. */
  isLost(tries: number, failure: StoreFailure): boolean {
    return tries >= TRIES && !this.writesFail && saysLost(failure);
  }

  /** It is read now, or given up: its tries count no more. */
  forget(id: number): void {
    if (this.#tries.size > 0) this.#tries.delete(id);
  }
}

/** Whether the system says that what was to be read is lost, and not that it cannot be read at this moment. */
export function saysLost(failure: StoreFailure): boolean {
  return LOST.includes(systemCode(failure.cause));
}
