import type { SessionRecord, SubscriptionRecord } from '../../../core/ports/store.ts';

/** From how many on subscriptions are found by a map. */
const MANY = 16;
/** What a record costs beside its texts, about, in bytes. */
const RECORD_BYTES = 8;

/** What the log says of one session itself. Kept only until the core has been shown it. */
export class ReplayedSession {
  /** Null as long as only records about it have been seen. */
  record: SessionRecord | null;
  readonly #few: SubscriptionRecord[];
  #many: Map<string, SubscriptionRecord> | null;
  #received: Set<number> | null;

  constructor() {
    this.record = null;
    this.#few = [];
    this.#many = null;
    this.#received = null;
  }

  get subscriptions(): Iterable<SubscriptionRecord> {
    return this.#many === null ? this.#few : this.#many.values();
  }

  get received(): Iterable<number> {
    return this.#received ?? [];
  }

  /** What its records come to, about. */
  get bytes(): number {
    let bytes = RECORD_BYTES + (this.record?.clientId.length ?? 0);
    const will = this.record?.will;
    if (will !== undefined) bytes += will.topicName.length + will.payload.length + will.properties.length;
    for (const { topicFilter } of this.subscriptions) bytes += RECORD_BYTES + topicFilter.length;
    return bytes;
  }

  putSubscription(subscription: SubscriptionRecord): void {
    const { topicFilter } = subscription;
    if (this.#many !== null) {
      this.#many.set(topicFilter, subscription);
      return;
    }
    const at = this.#indexOf(topicFilter);
    if (at >= 0) this.#few[at] = subscription;
    else this.#few.push(subscription);
    if (this.#few.length < MANY) return;
    this.#many = new Map(this.#few.map((each) => [each.topicFilter, each]));
    this.#few.length = 0;
  }

  deleteSubscription(topicFilter: string): void {
    if (this.#many !== null) {
      this.#many.delete(topicFilter);
      return;
    }
    const at = this.#indexOf(topicFilter);
    if (at >= 0) this.#few.splice(at, 1);
  }

  putReceived(packetId: number): void {
    this.#received ??= new Set();
    this.#received.add(packetId);
  }

  deleteReceived(packetId: number): void {
    this.#received?.delete(packetId);
  }

  #indexOf(topicFilter: string): number {
    return this.#few.findIndex((each) => each.topicFilter === topicFilter);
  }
}
