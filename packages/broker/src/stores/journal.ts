import type { QueueOwner, SessionRecord, SubscriptionRecord } from '../core/ports/store.ts';
import type { Delivery } from '../core/publish/delivery.ts';
import type { Message } from '../core/publish/message.ts';

/**
 * The changes that a memory store makes to what it keeps, each with everything it needs at that moment.
 *
 * `KeptState` makes them; `StagedChanges` notes them down, to be made when their commit is done.
 */
export interface Journal {
  putSession(session: SessionRecord): void;
  deleteSession(clientId: string): void;
  putSubscription(clientId: string, subscription: SubscriptionRecord): void;
  deleteSubscription(clientId: string, topicFilter: string): void;
  putReceived(clientId: string, packetId: number): void;
  deleteReceived(clientId: string, packetId: number): void;
  putRetained(topicName: string, message: Message, expiresAtWallMs: number): void;
  deleteRetained(topicName: string): void;
  queueOf(owner: QueueOwner): QueueJournal;
  deleteQueue(owner: QueueOwner): void;
  /** The expiry of everything in the queues anew. */
  restamp(expiresAtWallMs: (delivery: Delivery) => number): void;
}

/** The changes of one owner's queue. A delivery is known by its `storeId`; its packet identifier and state are given. */
export interface QueueJournal {
  push(delivery: Delivery, expiresAtWallMs: number): void;
  unshift(delivery: Delivery, expiresAtWallMs: number): void;
  sent(delivery: Delivery, packetId: number, state: Delivery['state'], expiresAtWallMs: number): void;
  done(delivery: Delivery): void;
}
