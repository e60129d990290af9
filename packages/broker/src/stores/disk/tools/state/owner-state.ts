import type { SessionRecord, ShareOwner, SubscriptionRecord } from '../../../../core/ports/store.ts';

/** A session or a shared group as the log tells of it. Tables are made when they are needed. */
export class OwnerState {
  readonly ownerId: number;
  /** Null for a shared group, and for an owner of whom only other records were found. */
  session: SessionRecord | null;
  share: ShareOwner | null;
  subscriptions: Map<string, SubscriptionRecord> | null;
  received: Set<number> | null;
  /** Row + 1 of the entry its list begins with; 0 if it has none. */
  head: number;
  entryCount: number;

  constructor(ownerId: number) {
    this.ownerId = ownerId;
    this.session = null;
    this.share = null;
    this.subscriptions = null;
    this.received = null;
    this.head = 0;
    this.entryCount = 0;
  }

  /** Nothing belongs to it. */
  get isEmpty(): boolean {
    return this.head === 0 && (this.subscriptions?.size ?? 0) === 0 && (this.received?.size ?? 0) === 0;
  }

  /** For people: who it is. */
  get text(): string {
    if (this.session !== null) return `session "${this.session.clientId}"`;
    if (this.share !== null) return `shared group "${this.share.shareName}" of "${this.share.topicFilter}"`;
    return `owner ${this.ownerId}`;
  }
}
