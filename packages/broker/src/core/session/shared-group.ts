/**
 * The members of one shared subscription, and the messages that wait for any of them.
 *
 * A message that no member can take at once waits here, never with a member; a member that can take more asks for the
 * oldest. While one member's session is kept in the store, what waits here is kept too, and stays there until it is taken.
 */

import type { ShareBalancing } from '../options/profile.ts';
import type { MessageQueue, ShareOwner, Store } from '../ports/store.ts';
import { Delivery } from '../publish/delivery.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { Session, SharedSource, Subscription } from './session.ts';

type OnMoved = (delivery: Delivery, from: MessageQueue, to: MessageQueue) => void;

export class SharedGroup implements SharedSource {
  readonly kind = 'share';
  readonly owner: ShareOwner;
  /** `$share/{name}/{filter}`: what its members' subscriptions have as topic filter. */
  readonly name: string;
  readonly members: Subscription[];
  /** RouteTable's; 0 until it has one. */
  routeNumber: number;
  readonly #store: Store;
  readonly #onMoved: OnMoved;
  #queue: MessageQueue | null;
  #kept: boolean;
  /** No member is kept any more, and what waits has to be taken yet before the queue leaves the store. */
  #leaving: boolean;
  #next: number;

  /** @param onMoved told of each waiting delivery that moves into the store */
  constructor(owner: ShareOwner, store: Store, onMoved: OnMoved) {
    this.owner = owner;
    this.name = `$share/${owner.shareName}/${owner.topicFilter}`;
    this.members = [];
    this.routeNumber = 0;
    this.#store = store;
    this.#onMoved = onMoved;
    this.#queue = null;
    this.#kept = false;
    this.#leaving = false;
    this.#next = 0;
  }

  /** Of the messages, without share name. */
  get topicFilter(): string {
    return this.owner.topicFilter;
  }

  /** Its messages are in the store. */
  get kept(): boolean {
    return this.#kept;
  }

  /** No member is connected. */
  get offline(): boolean {
    for (const { session } of this.members) if (session.output !== null) return false;
    return true;
  }

  rest(): void {
    if (this.#kept && this.#queue !== null && this.#queue.length > 0 && this.offline) this.#queue.rest();
  }

  get waiting(): number {
    return this.#queue?.length ?? 0;
  }

  get waitingBytes(): number {
    return this.#queue?.bytes ?? 0;
  }

  get queue(): MessageQueue {
    return (this.#queue ??= this.#kept ? this.#store.openQueue(this.owner) : new MemoryQueue());
  }

  add(subscription: Subscription): void {
    const at = this.members.findIndex((member) => member.session === subscription.session);
    if (at >= 0) this.members[at] = subscription;
    else this.members.push(subscription);
    this.#settle();
  }

  /** True if members remain. */
  remove(session: Session): boolean {
    const at = this.members.findIndex((member) => member.session === session);
    if (at >= 0) {
      this.members.splice(at, 1);
      if (at < this.#next) this.#next--;
    }
    if (this.members.length > 0) this.#settle();
    return this.members.length > 0;
  }

  /** Lets everything that waits go. */
  dissolve(): void {
    if (this.#kept) this.#store.deleteQueue(this.owner);
    this.#queue = null;
    this.#kept = false;
    this.#leaving = false;
  }

  /**
   * The member whose turn it is among those that can take a message of this QoS now; null if none can.
   * @param canTake whether a member can be given a message of the QoS at once
   */
  pick(
    qos: 0 | 1 | 2,
    balancing: ShareBalancing,
    canTake: (session: Session, qos: number) => boolean,
  ): Subscription | null {
    const members = this.members;
    const count = members.length;
    let best: Subscription | null = null;
    let after = this.#next;
    let fewest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      let at = this.#next + i;
      if (at >= count) at -= count;
      const member = members[at]!;
      if (!canTake(member.session, member.qos < qos ? member.qos : qos)) continue;
      const inFlight = balancing === 'round-robin' ? 0 : (member.session.senderIfUsed?.inFlight.size ?? 0);
      if (inFlight >= fewest) continue;
      best = member;
      fewest = inFlight;
      after = at + 1 === count ? 0 : at + 1;
      if (balancing === 'round-robin') break;
    }
    this.#next = after;
    return best;
  }

  takeFor(session: Session, upgradesQos: boolean): Delivery | undefined {
    if (this.#queue === null || this.#queue.length === 0) return undefined;
    const member = session.subscriptionTo(this.name);
    if (member === undefined) return undefined;
    const waiting = this.#queue.shift();
    return waiting === undefined ? undefined : this.given(waiting, member, upgradesQos);
  }

  /**
   * Takes the queue out of the store if it is only there because something waited in it, and nothing does any more. True if
   * that was staged. Not before something new comes: what was taken last is staged as taken until then, so that a crash
   * does not give it to another member.
   */
  leaveStore(): boolean {
    if (!this.#leaving || this.waiting > 0) return false;
    this.#settle();
    return true;
  }

  /**
   * A waiting delivery as this member gets it: with its QoS and subscription identifier.
   * @param upgradesQos it gets the QoS of the subscription, also if the message has a lower one
   */
  given(waiting: Delivery, member: Subscription, upgradesQos: boolean): Delivery {
    const { message } = waiting;
    const given = new Delivery(
      message,
      upgradesQos || member.qos < message.qos ? member.qos : message.qos, // [MQTT-4.8.2-3]
      message.retain && member.retainAsPublished,
      member.subscriptionIdentifier === 0 ? undefined : [member.subscriptionIdentifier], // [MQTT-3.3.4-5]
      this.owner,
    );
    given.origin = waiting;
    return given;
  }

  /** A delivery that a member was given, as it waits for another one. */
  waitingFor(given: Delivery): Delivery {
    return new Delivery(given.message, given.message.qos, false, undefined, this.owner);
  }

  /**
   * Moves the queue into the store when the first member is kept. When the last one of these goes, what waits stays in the
   * store until it has been taken: it may be more than memory has room for, and may not be readable now.
   */
  #settle(): void {
    const kept = this.members.some((member) => member.session.kept);
    this.#leaving = this.#kept && !kept && this.waiting > 0;
    if (kept === this.#kept || this.#leaving) return;
    const old = this.#queue;
    if (!kept) {
      this.#queue = null;
      this.#kept = false;
      if (old !== null) this.#store.deleteQueue(this.owner);
      return;
    }
    this.#queue = null;
    this.#kept = true;
    for (let delivery = old?.shift(); delivery !== undefined; delivery = old?.shift()) {
      const { message, qos, retain, subscriptionIdentifiers, share } = delivery;
      this.queue.push(new Delivery(message, qos, retain, subscriptionIdentifiers, share));
      this.#onMoved(delivery, old!, this.queue);
    }
  }
}
