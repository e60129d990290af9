import { DeliveryState } from '@martlet/protocol';
import type { ShareOwner } from '../../../../core/ports/store.ts';
import type { QoS } from '../../../../core/publish/message.ts';
import { grown, PairTable } from './pair-table.ts';

/** One message that waits for, or is in flight to, one owner. */
export interface QueueEntry {
  readonly messageId: number;
  readonly key: number;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly isInFlight: boolean;
  /** 0 while it waits. */
  readonly packetId: number;
  readonly state: DeliveryState;
  readonly subscriptionIdentifiers: readonly number[];
  /** The shared group it came through, or null. */
  readonly share: ShareOwner | null;
}

interface Extras {
  readonly subscriptionIdentifiers: readonly number[];
  readonly share: ShareOwner | null;
}

const NO_EXTRAS: Extras = Object.freeze({ subscriptionIdentifiers: Object.freeze([]), share: null });
const QOS = 3;
const RETAIN = 4;
const IN_FLIGHT = 8;

/** The entries of all queues by owner and key, in columns: about 60 bytes each. Those of one owner are a list. */
export class EntryRows {
  readonly #table = new PairTable();
  #messageIds = new Float64Array(0);
  #packetIds = new Uint16Array(0);
  #states = new Uint8Array(0);
  #flags = new Uint8Array(0);
  /** Row + 1 of the neighbours in the owner's list; 0 at its ends. */
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  /** What most entries do not have. */
  readonly #extras = new Map<number, Extras>();

  get size(): number {
    return this.#table.size;
  }

  find(ownerId: number, key: number): number {
    return this.#table.find(ownerId, key);
  }

  /** Adds a waiting entry in front of an owner's list, which began with `head` (row + 1, or 0), and returns its row. */
  add(ownerId: number, key: number, head: number): number {
    const row = this.#table.add(ownerId, key);
    if (this.#table.capacity > this.#flags.length) this.#grow(this.#table.capacity);
    this.#next[row] = head;
    this.#previous[row] = 0;
    if (head !== 0) this.#previous[head - 1] = row + 1;
    return row;
  }

  /** What a push record says of it. */
  fill(
    row: number,
    messageId: number,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
    share: ShareOwner | null,
  ): void {
    this.#messageIds[row] = messageId;
    this.#flags[row] = qos | (retain ? RETAIN : 0);
    this.#packetIds[row] = 0;
    this.#states[row] = DeliveryState.Queued;
    if (subscriptionIdentifiers.length > 0 || share !== null) {
      this.#extras.set(row, { subscriptionIdentifiers, share });
    } else if (this.#extras.size > 0) {
      this.#extras.delete(row);
    }
  }

  /** Puts what `from` holds into `to`, in flight from now on. They may be the same. */
  send(from: number, to: number, packetId: number, state: DeliveryState): void {
    this.#messageIds[to] = this.#messageIds[from]!;
    this.#flags[to] = this.#flags[from]! | IN_FLIGHT;
    this.#packetIds[to] = packetId;
    this.#states[to] = state;
    const extras = this.#extras.get(from);
    if (extras !== undefined) this.#extras.set(to, extras);
  }

  /** Takes it out, and returns where the owner's list begins now, if it began with `head`. */
  remove(row: number, head: number): number {
    const next = this.#next[row]!;
    const previous = this.#previous[row]!;
    if (next !== 0) this.#previous[next - 1] = previous;
    if (previous !== 0) this.#next[previous - 1] = next;
    this.#extras.delete(row);
    this.#table.remove(row);
    return head === row + 1 ? next : head;
  }

  /** Row + 1 of the next in the owner's list, or 0. */
  next(row: number): number {
    return this.#next[row]!;
  }

  messageIdOf(row: number): number {
    return this.#messageIds[row]!;
  }

  isInFlight(row: number): boolean {
    return (this.#flags[row]! & IN_FLIGHT) !== 0;
  }

  keyOf(row: number): number {
    return this.#table.second(row);
  }

  entry(row: number): QueueEntry {
    const flags = this.#flags[row]!;
    const { subscriptionIdentifiers, share } = this.#extras.get(row) ?? NO_EXTRAS;
    return {
      messageId: this.#messageIds[row]!,
      key: this.#table.second(row),
      qos: (flags & QOS) as QoS,
      retain: (flags & RETAIN) !== 0,
      isInFlight: (flags & IN_FLIGHT) !== 0,
      packetId: this.#packetIds[row]!,
      state: this.#states[row]! as DeliveryState,
      subscriptionIdentifiers,
      share,
    };
  }

  #grow(capacity: number): void {
    this.#messageIds = grown(this.#messageIds, new Float64Array(capacity));
    this.#packetIds = grown(this.#packetIds, new Uint16Array(capacity));
    this.#states = grown(this.#states, new Uint8Array(capacity));
    this.#flags = grown(this.#flags, new Uint8Array(capacity));
    this.#next = grown(this.#next, new Int32Array(capacity));
    this.#previous = grown(this.#previous, new Int32Array(capacity));
  }
}
