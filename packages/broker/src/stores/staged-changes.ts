import type { QueueOwner, SessionRecord, SubscriptionRecord } from '../core/ports/store.ts';
import type { Delivery } from '../core/publish/delivery.ts';
import type { Message } from '../core/publish/message.ts';
import type { Journal, QueueJournal } from './journal.ts';

type Change = (journal: Journal) => void;

/** Changes that have been staged and are not kept yet, in order. */
export class StagedChanges implements Journal {
  #changes: Change[] = [];

  get isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  /** Takes everything out, as changes of their own. */
  take(): StagedChanges {
    const taken = new StagedChanges();
    taken.#changes = this.#changes;
    this.#changes = [];
    return taken;
  }

  /** Puts back what was taken out, before what has been staged since. */
  putBack(taken: StagedChanges): void {
    this.#changes = [...taken.#changes, ...this.#changes];
  }

  makeIn(journal: Journal): void {
    for (const change of this.#changes) change(journal);
  }

  putSession(session: SessionRecord): void {
    this.#changes.push((journal) => journal.putSession(session));
  }

  deleteSession(clientId: string): void {
    this.#changes.push((journal) => journal.deleteSession(clientId));
  }

  putSubscription(clientId: string, subscription: SubscriptionRecord): void {
    this.#changes.push((journal) => journal.putSubscription(clientId, subscription));
  }

  deleteSubscription(clientId: string, topicFilter: string): void {
    this.#changes.push((journal) => journal.deleteSubscription(clientId, topicFilter));
  }

  putReceived(clientId: string, packetId: number): void {
    this.#changes.push((journal) => journal.putReceived(clientId, packetId));
  }

  deleteReceived(clientId: string, packetId: number): void {
    this.#changes.push((journal) => journal.deleteReceived(clientId, packetId));
  }

  putRetained(topicName: string, message: Message, expiresAtWallMs: number): void {
    this.#changes.push((journal) => journal.putRetained(topicName, message, expiresAtWallMs));
  }

  deleteRetained(topicName: string): void {
    this.#changes.push((journal) => journal.deleteRetained(topicName));
  }

  queueOf(owner: QueueOwner): QueueJournal {
    const stage = (change: (queue: QueueJournal) => void): void => {
      this.#changes.push((journal) => change(journal.queueOf(owner)));
    };
    return {
      push: (delivery: Delivery, expiresAtWallMs: number) =>
        stage((queue) => queue.push(delivery, expiresAtWallMs)),
      unshift: (delivery: Delivery, expiresAtWallMs: number) =>
        stage((queue) => queue.unshift(delivery, expiresAtWallMs)),
      sent: (delivery: Delivery, packetId: number, state: Delivery['state'], expiresAtWallMs: number) =>
        stage((queue) => queue.sent(delivery, packetId, state, expiresAtWallMs)),
      done: (delivery: Delivery) => stage((queue) => queue.done(delivery)),
    };
  }

  deleteQueue(owner: QueueOwner): void {
    this.#changes.push((journal) => journal.deleteQueue(owner));
  }

  restamp(expiresAtWallMs: (delivery: Delivery) => number): void {
    this.#changes.push((journal) => journal.restamp(expiresAtWallMs));
  }
}
