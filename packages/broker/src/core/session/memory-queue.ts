import { DeliveryState } from '@martlet/protocol';
import type { MessageQueue } from '../ports/store.ts';
import type { Delivery } from '../publish/delivery.ts';

/** Slots of the first ring; a power of two, because positions are masked. */
const SMALLEST_RING = 4;

/**
 * The queue of a session that ends with its network connection: nothing of it outlives the process, so what is sent or
 * over needs no note. Also the part of a store's queue that waits in memory.
 *
 * A ring that doubles when full, halves when three quarters stand empty, and goes back to its smallest size when drained:
 * amortised O(1) at both ends, and a burst's memory does not stay. How long it may become is its owner's decision.
 */
export class MemoryQueue implements MessageQueue {
  /** Null until the first delivery, because most sessions never queue one. */
  #ring: (Delivery | undefined)[] | null = null;
  #head = 0;
  #length = 0;
  #bytes = 0;
  /** What was ever shifted, less what was put back: the place of the head among all that ever waited. */
  #headPlace = 0;
  /** By topic name the place of what was added by `pushLatest`; null until then. */
  #latest: Map<string, number> | null = null;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Places for deliveries that memory is held for. */
  get slots(): number {
    return this.#ring?.length ?? 0;
  }

  push(delivery: Delivery): void {
    const ring = this.#ringWithRoom();
    ring[(this.#head + this.#length) & (ring.length - 1)] = delivery;
    this.#length++;
    this.#bytes += delivery.message.bytes;
  }

  pushLatest(delivery: Delivery): Delivery | undefined {
    const { name } = delivery.message.topic;
    this.#latest ??= new Map();
    const place = this.#latest.get(name);
    if (place === undefined) {
      this.#latest.set(name, this.#headPlace + this.#length);
      this.push(delivery);
      return undefined;
    }
    return this.#putAt(place - this.#headPlace, delivery);
  }

  holdsLatest(topicName: string): boolean {
    return this.#latest?.has(topicName) === true;
  }

  /** The first that waits and is wanted. */
  find(wanted: (delivery: Delivery) => boolean): Delivery | undefined {
    const ring = this.#ring;
    for (let i = 0; ring !== null && i < this.#length; i++) {
      const delivery = ring[(this.#head + i) & (ring.length - 1)]!;
      if (wanted(delivery)) return delivery;
    }
    return undefined;
  }

  /** Puts another delivery in the place of one that waits; false if that does not wait here. */
  replace(old: Delivery, delivery: Delivery): boolean {
    const ring = this.#ring;
    for (let i = 0; ring !== null && i < this.#length; i++) {
      if (ring[(this.#head + i) & (ring.length - 1)] !== old) continue;
      this.#putAt(i, delivery);
      return true;
    }
    return false;
  }

  unshift(delivery: Delivery): void {
    delivery.packetId = 0;
    delivery.state = DeliveryState.Queued;
    const ring = this.#ringWithRoom();
    this.#head = (this.#head - 1) & (ring.length - 1);
    ring[this.#head] = delivery;
    this.#headPlace--;
    this.#length++;
    this.#bytes += delivery.message.bytes;
  }

  shift(): Delivery | undefined {
    const ring = this.#ring;
    if (ring === null || this.#length === 0) return undefined;
    const delivery = ring[this.#head]!;
    ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (ring.length - 1);
    if (this.#latest !== null) this.#forgetLatest(this.#latest, delivery);
    this.#headPlace++;
    this.#length--;
    this.#bytes -= delivery.message.bytes;
    // Halved at a quarter, not at a half, so that a queue that rests at the border does not resize each time.
    if (this.#length <= ring.length >> 2 && ring.length > SMALLEST_RING) this.#resize(ring.length >> 1);
    return delivery;
  }

  peek(): Delivery | undefined {
    return this.#ring?.[this.#head];
  }

  dropOldest(): Delivery | undefined {
    return this.shift();
  }

  sent(_delivery: Delivery): void {}

  done(_delivery: Delivery): void {}

  takeInFlight(): Delivery[] {
    return [];
  }

  get unconfirmed(): number {
    return 0;
  }

  rest(): void {}

  /** @param index from the head */
  #putAt(index: number, delivery: Delivery): Delivery {
    const ring = this.#ring!;
    const slot = (this.#head + index) & (ring.length - 1);
    const old = ring[slot]!;
    ring[slot] = delivery;
    this.#bytes += delivery.message.bytes - old.message.bytes;
    return old;
  }

  /** The head is about to be shifted. */
  #forgetLatest(latest: Map<string, number>, { message }: Delivery): void {
    const { name } = message.topic;
    if (latest.get(name) === this.#headPlace) latest.delete(name);
    if (latest.size === 0) this.#latest = null;
  }

  #ringWithRoom(): (Delivery | undefined)[] {
    const ring = this.#ring;
    if (ring !== null && this.#length < ring.length) return ring;
    return this.#resize(ring === null ? SMALLEST_RING : ring.length * 2);
  }

  #resize(slots: number): (Delivery | undefined)[] {
    const old = this.#ring;
    // Filled, because an array with holes is slower in every engine.
    const ring = new Array<Delivery | undefined>(slots).fill(undefined);
    if (old !== null) {
      for (let i = 0; i < this.#length; i++) ring[i] = old[(this.#head + i) & (old.length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
    return ring;
  }
}
