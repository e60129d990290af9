import type { QueueOwner, SessionRecord, ShareOwner, SubscriptionRecord } from '../core/ports/store.ts';
import type { Delivery } from '../core/publish/delivery.ts';
import type { Message } from '../core/publish/message.ts';
import type { Journal } from './journal.ts';
import { KeptMessages } from './kept-messages.ts';
import { KeptQueue } from './kept-queue.ts';

/** Tables are made on first use: most sessions receive nothing at QoS 2. */
export interface KeptSession {
  record: SessionRecord;
  subscriptions: Map<string, SubscriptionRecord> | null;
  received: Set<number> | null;
}

export interface KeptRetained {
  readonly message: Message;
  readonly expiresAtWallMs: number;
}

/** Everything that a memory store has kept: what is there after a crash. */
export class KeptState implements Journal {
  readonly sessions: Map<string, KeptSession> = new Map();
  readonly retained: Map<string, KeptRetained> = new Map();
  readonly messages: KeptMessages = new KeptMessages();
  readonly #sessionQueues = new Map<string, KeptQueue>();
  readonly #shareQueues = new Map<string, [share: ShareOwner, queue: KeptQueue]>();

  putSession(record: SessionRecord): void {
    const session = this.sessions.get(record.clientId);
    if (session === undefined) {
      this.sessions.set(record.clientId, { record, subscriptions: null, received: null });
    } else {
      session.record = record;
    }
  }

  deleteSession(clientId: string): void {
    this.sessions.delete(clientId);
    this.deleteQueue({ kind: 'session', clientId });
  }

  putSubscription(clientId: string, subscription: SubscriptionRecord): void {
    const session = this.sessions.get(clientId);
    if (session === undefined) return;
    session.subscriptions ??= new Map();
    session.subscriptions.set(subscription.topicFilter, subscription);
  }

  deleteSubscription(clientId: string, topicFilter: string): void {
    this.sessions.get(clientId)?.subscriptions?.delete(topicFilter);
  }

  putReceived(clientId: string, packetId: number): void {
    const session = this.sessions.get(clientId);
    if (session === undefined) return;
    session.received ??= new Set();
    session.received.add(packetId);
  }

  deleteReceived(clientId: string, packetId: number): void {
    this.sessions.get(clientId)?.received?.delete(packetId);
  }

  putRetained(topicName: string, message: Message, expiresAtWallMs: number): void {
    const replaced = this.retained.get(topicName);
    this.messages.retain(message);
    this.retained.set(topicName, { message, expiresAtWallMs });
    if (replaced !== undefined) this.messages.release(replaced.message);
  }

  deleteRetained(topicName: string): void {
    const deleted = this.retained.get(topicName);
    if (deleted === undefined) return;
    this.retained.delete(topicName);
    this.messages.release(deleted.message);
  }

  queueOf(owner: QueueOwner): KeptQueue {
    if (owner.kind === 'session') {
      const queue = this.#sessionQueues.get(owner.clientId) ?? new KeptQueue(this.messages);
      this.#sessionQueues.set(owner.clientId, queue);
      return queue;
    }
    const key = shareKey(owner);
    const entry = this.#shareQueues.get(key) ?? [owner, new KeptQueue(this.messages)];
    this.#shareQueues.set(key, entry);
    return entry[1];
  }

  deleteQueue(owner: QueueOwner): void {
    if (owner.kind === 'session') {
      this.#sessionQueues.get(owner.clientId)?.clear();
      this.#sessionQueues.delete(owner.clientId);
    } else {
      const key = shareKey(owner);
      this.#shareQueues.get(key)?.[1].clear();
      this.#shareQueues.delete(key);
    }
  }

  restamp(expiresAtWallMs: (delivery: Delivery) => number): void {
    for (const queue of this.#sessionQueues.values()) queue.restamp(expiresAtWallMs);
    for (const [, queue] of this.#shareQueues.values()) queue.restamp(expiresAtWallMs);
  }

  sessionQueue(clientId: string): KeptQueue | undefined {
    return this.#sessionQueues.get(clientId);
  }

  shareQueues(): IterableIterator<[share: ShareOwner, queue: KeptQueue]> {
    return this.#shareQueues.values();
  }
}

/** A share name has no slash in it, so this is unambiguous. [MQTT-4.8.2-1] */
export function shareKey(share: ShareOwner): string {
  return `${share.shareName}/${share.topicFilter}`;
}
