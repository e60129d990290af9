/** Tells the log of queues that are full: once each, until a queue is half empty again. */
import type { CoreContext } from '../context.ts';
import type { MessageQueue } from '../ports/store.ts';
import type { DropReason } from '../telling/drop-reason.ts';
import { DROP_REASONS } from '../telling/drop-reason.ts';

export class FullQueueNotes {
  readonly #context: CoreContext;
  readonly #told: WeakSet<MessageQueue>;
  /** Whether it was ever told of any: most brokers need not look. */
  #anyTold: boolean;

  constructor(context: CoreContext) {
    this.#context = context;
    this.#told = new WeakSet();
    this.#anyTold = false;
  }

  /** Something is about to be added: a queue that is half empty by now is told of again. */
  look(queue: MessageQueue): void {
    if (!this.#anyTold) return;
    const { queuedMessages, queuedBytes } = this.#context.profile.limits;
    if (queue.length < queuedMessages / 2 && queue.bytes < queuedBytes / 2) this.#told.delete(queue);
  }

  /**
   * Once until the queue is half empty: who reads a little now and then fills no log. When too many are full at once, with
   * what is dropped in a later minute.
   */
  tell(queue: MessageQueue, owner: string, reason: DropReason): void {
    if (this.#told.has(queue) || !this.#context.dropLog.hasRoom) return;
    this.#told.add(queue);
    this.#anyTold = true;
    const { code } = DROP_REASONS[reason]!;
    const text = `${JSON.stringify(owner)}: messages for it are dropped from now on, ${queue.length} wait; told again only after it was half empty`;
    this.#context.dropLog.write('warning', code, text);
  }
}
