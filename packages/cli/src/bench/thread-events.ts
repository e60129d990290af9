/** What the threads tell the command: gathered until all of them have told it, and ticks handed on as they come. */
import type { LoadRecord } from './load-record.ts';
import type { ThreadEvent } from './thread-messages.ts';

type EventOf<Kind extends ThreadEvent['kind']> = Extract<ThreadEvent, { readonly kind: Kind }>;

export class ThreadEvents {
  readonly #threads: number;
  readonly #told: Map<ThreadEvent['kind'], ThreadEvent[]>;
  readonly #waiters: { readonly kind: ThreadEvent['kind']; readonly resolve: () => void }[];
  readonly #fail: ((error: unknown) => void)[];
  #error: { readonly error: unknown } | null;
  #record: LoadRecord | null;

  constructor(threads: number) {
    this.#threads = threads;
    this.#told = new Map();
    this.#waiters = [];
    this.#fail = [];
    this.#error = null;
    this.#record = null;
  }

  /** Ticks go here from now on. */
  recordTo(record: LoadRecord): void {
    this.#record = record;
  }

  onEvent(thread: number, event: ThreadEvent): void {
    if (event.kind === 'tick') {
      this.#record?.add(thread, event.tick);
      return;
    }
    const told = this.#told.get(event.kind) ?? [];
    told.push(event);
    this.#told.set(event.kind, told);
    if (told.length < this.#threads) return;
    for (const waiter of this.#waiters) if (waiter.kind === event.kind) waiter.resolve();
  }

  onFailed(error: unknown): void {
    this.#error ??= { error };
    for (const fail of this.#fail) fail(error);
  }

  /** What all threads have told of a kind since it was last asked, once they have. Rejects when a thread fails. */
  async all<Kind extends ThreadEvent['kind']>(kind: Kind): Promise<readonly EventOf<Kind>[]> {
    if (this.#error !== null) throw this.#error.error;
    if ((this.#told.get(kind)?.length ?? 0) < this.#threads) {
      await new Promise<void>((resolve, reject) => {
        this.#waiters.push({ kind, resolve });
        this.#fail.push(reject);
      });
    }
    const told = (this.#told.get(kind) ?? []) as readonly ThreadEvent[] as readonly EventOf<Kind>[];
    this.#told.delete(kind);
    return told;
  }
}
