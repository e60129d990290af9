import { DeliveryState } from '@martlet/protocol';
import type { Delivery } from '../core/publish/delivery.ts';
import type { QueueJournal } from './journal.ts';
import type { KeptMessages } from './kept-messages.ts';

/** A delivery as it is kept. The delivery's own `packetId` and `state` are the core's and may be ahead of these. */
export class KeptDelivery {
  readonly delivery: Delivery;
  expiresAtWallMs: number;
  /** Where it stands in the queue: by position while it waits, by order of sending once it is in flight. */
  order: number;
  packetId: number;
  state: DeliveryState;

  constructor(delivery: Delivery, expiresAtWallMs: number, order: number) {
    this.delivery = delivery;
    this.expiresAtWallMs = expiresAtWallMs;
    this.order = order;
    this.packetId = 0;
    this.state = DeliveryState.Queued;
  }
}

/** What a memory store keeps of one owner's queue: one map, by the deliveries' `storeId`. */
export class KeptQueue implements QueueJournal {
  readonly #messages: KeptMessages;
  readonly #deliveries = new Map<number, KeptDelivery>();
  /** One before the oldest that was ever put back. */
  #before = -1;
  /** The next at the tail, and the next to be sent: waiting and in flight are ordered by themselves. */
  #next = 0;

  constructor(messages: KeptMessages) {
    this.#messages = messages;
  }

  get size(): number {
    return this.#deliveries.size;
  }

  push(delivery: Delivery, expiresAtWallMs: number): void {
    this.#put(delivery, expiresAtWallMs, this.#next++);
  }

  unshift(delivery: Delivery, expiresAtWallMs: number): void {
    // Shifted and not sent: it never lost its place.
    if (this.#deliveries.get(delivery.storeId)?.packetId === 0) return;
    this.#put(delivery, expiresAtWallMs, this.#before--);
  }

  sent(delivery: Delivery, packetId: number, state: DeliveryState, expiresAtWallMs: number): void {
    let kept = this.#deliveries.get(delivery.storeId);
    if (kept === undefined) {
      kept = this.#put(delivery, expiresAtWallMs, this.#next++);
    } else if (kept.packetId === 0) {
      kept.order = this.#next++;
    }
    kept.packetId = packetId;
    kept.state = state;
  }

  done(delivery: Delivery): void {
    const kept = this.#deliveries.get(delivery.storeId);
    if (kept === undefined) return;
    this.#deliveries.delete(delivery.storeId);
    this.#messages.release(kept.delivery.message);
  }

  restamp(expiresAtWallMs: (delivery: Delivery) => number): void {
    for (const kept of this.#deliveries.values()) kept.expiresAtWallMs = expiresAtWallMs(kept.delivery);
  }

  /** Gives up everything, for the owner is gone. */
  clear(): void {
    for (const kept of this.#deliveries.values()) this.#messages.release(kept.delivery.message);
    this.#deliveries.clear();
  }

  /** What waits, oldest first. */
  waiting(): KeptDelivery[] {
    return this.#inOrder((kept) => kept.packetId === 0);
  }

  /** What was sent and is not over, in order of sending. */
  inFlight(): KeptDelivery[] {
    return this.#inOrder((kept) => kept.packetId !== 0);
  }

  #inOrder(wanted: (kept: KeptDelivery) => boolean): KeptDelivery[] {
    return [...this.#deliveries.values()].filter(wanted).sort((a, b) => a.order - b.order);
  }

  #put(delivery: Delivery, expiresAtWallMs: number, order: number): KeptDelivery {
    const kept = new KeptDelivery(delivery, expiresAtWallMs, order);
    if (!this.#deliveries.has(delivery.storeId)) this.#messages.retain(delivery.message);
    this.#deliveries.set(delivery.storeId, kept);
    return kept;
  }
}
