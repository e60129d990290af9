/**
 * Whether the store keeps what it is given. While its last commit failed, or the one under way is silent, whatever would
 * have to be kept is refused at once: nothing is staged that nobody knows when to acknowledge, so memory does not grow, and
 * clients learn at once instead of waiting. What needs no keeping goes on.
 *
 *     keeping ──commit failed──▶ failing ──commit done──▶ keeping
 *        └──commit silent──▶ silent ──commit failed──▶ failing
 */
import { ReasonCode } from '@martlet/protocol';
import type { Limits } from './options/limits.ts';
import type { Store, StoreError } from './ports/store.ts';

/** In the order of the numbers that metrics give them, from 0. */
export const STORE_STATES = ['keeping', 'failing', 'silent'] as const;
export type StoreState = (typeof STORE_STATES)[number];

/** A change of it, for the log and the application. */
export interface StoreStateChange {
  readonly state: StoreState;
  /** Stable, such as `store-full`; `store-recovered` when it keeps again. */
  readonly code: string;
  readonly text: string;
}

/** Why nothing more is kept now. Each packet tells it with the reason code that it has. */
export interface KeepingRefusal {
  /** Stable, such as `store-full`. */
  readonly code: string;
  readonly reasonCode: ReasonCode;
  readonly reasonString: string;
}

/** Of a store that has no room. */
const FULL = 'store-full';
const SILENT = 'store-silent';

export class Keeping {
  state: StoreState;
  /** Why what must be kept is refused; null while it is not. */
  refusal: KeepingRefusal | null;
  readonly #store: Store;
  readonly #limits: Limits;
  readonly #onChange: (change: StoreStateChange) => void;
  /** Of the trouble that was told last. */
  #code: string;
  /** Monotonic ms; when the trouble began. */
  #sinceMs: number;
  #failures: number;
  #tooMuch: KeepingRefusal;
  #tooFast: KeepingRefusal;

  constructor(store: Store, limits: Limits, onChange: (change: StoreStateChange) => void) {
    this.state = 'keeping';
    this.refusal = null;
    this.#store = store;
    this.#limits = limits;
    this.#onChange = onChange;
    this.#code = '';
    this.#sinceMs = 0;
    this.#failures = 0;
    this.#tooMuch = tooMuch(limits);
    this.#tooFast = tooFast(limits);
  }

  /** The limits have changed. */
  reconfigure(): void {
    this.#tooMuch = tooMuch(this.#limits);
    this.#tooFast = tooFast(this.#limits);
  }

  /** Why no message is kept now: the store's trouble, or that it keeps as many bytes as it may. Null if it is. */
  get messageRefusal(): KeepingRefusal | null {
    if (this.refusal !== null) return this.refusal;
    // What is held in memory is bounded by the budget for memory.
    if (this.#store.holdsWaitingInMemory) return null;
    return this.#store.keptBytes >= this.#limits.storedBytes ? this.#tooMuch : null;
  }

  /**
   * As much is staged as may be: who can wait is to wait, and what nobody waits for is not kept. Not in trouble: nobody
   * knows how long that lasts, and all is refused.
   */
  get isBehind(): boolean {
    return this.refusal === null && this.#store.stagedBytes > this.#limits.stagedBytes;
  }

  /** Whether a QoS 0 message is not kept now: nobody can be told, and nobody waits for it. */
  get refusesQos0(): boolean {
    return this.messageRefusal !== null || this.isBehind;
  }

  /** Why nothing is kept now for who cannot be made to wait: new clients. Null if it is. */
  get entryRefusal(): KeepingRefusal | null {
    if (this.refusal !== null) return this.refusal;
    return this.#store.stagedBytes > 2 * this.#limits.stagedBytes ? this.#tooFast : null;
  }

  /** Why no message of the application is kept now. Null if it is. */
  get localRefusal(): KeepingRefusal | null {
    return this.messageRefusal ?? this.entryRefusal;
  }

  /** A commit failed. */
  onFailed({ code, message }: StoreError, nowMs: number): void {
    this.#failures++;
    this.#enter('failing', code, nowMs, `a commit failed, and nothing of it is acknowledged: ${message}`);
  }

  /** The commit under way has said nothing for so long that the store is to open itself again. */
  onSilent(nowMs: number): void {
    const seconds = this.#limits.commitSilenceMs / 1000;
    this.#enter(
      'silent',
      SILENT,
      nowMs,
      `a commit has been silent for ${seconds} s: the store is opened again`,
    );
  }

  /** A commit is done. */
  onKept(nowMs: number): void {
    if (this.state === 'keeping') return;
    const seconds = ((nowMs - this.#sinceMs) / 1000).toFixed(1);
    const text = `the store keeps again, after ${seconds} s and ${this.#failures} failed commits`;
    this.state = 'keeping';
    this.refusal = null;
    this.#code = '';
    this.#failures = 0;
    this.#onChange({ state: 'keeping', code: 'store-recovered', text });
  }

  /** Told when it begins and when the cause changes, not at every further attempt. */
  #enter(state: StoreState, code: string, nowMs: number, text: string): void {
    if (this.state === 'keeping') this.#sinceMs = nowMs;
    this.state = state;
    if (this.#code === code) return;
    this.#code = code;
    this.refusal = refusalFor(code, `the store cannot keep anything now: ${code}`);
    this.#onChange({ state, code, text });
  }
}

/** What a client is told of a commit that failed with what it had sent. */
export function failureFor({ code }: StoreError): KeepingRefusal {
  return refusalFor(code, `what you sent could not be kept: ${code}`);
}

function refusalFor(code: string, reasonString: string): KeepingRefusal {
  const reasonCode = code === FULL ? ReasonCode.QuotaExceeded : ReasonCode.UnspecifiedError;
  return { code, reasonCode, reasonString };
}

function tooMuch({ storedBytes }: Limits): KeepingRefusal {
  return {
    code: 'stored-bytes-limit',
    reasonCode: ReasonCode.QuotaExceeded,
    reasonString: `the broker keeps ${storedBytes} bytes, as many as it may`,
  };
}

function tooFast({ stagedBytes }: Limits): KeepingRefusal {
  return {
    code: 'staged-bytes-limit',
    reasonCode: ReasonCode.QuotaExceeded,
    reasonString: `more than ${2 * stagedBytes} bytes wait to be kept`,
  };
}
