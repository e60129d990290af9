/**
 * The queues of sessions and shared groups: opened where their messages survive as they must, and kept within their limits
 * and the broker's budget, what is in flight included. What a limit drops is told to the outcome place.
 */
import type { CoreContext } from '../context.ts';
import type { QueuePolicy } from '../options/profile.ts';
import { Durability } from '../ports/durability.ts';
import type { MessageQueue } from '../ports/store.ts';
import type { Delivery } from '../publish/delivery.ts';
import { DropReason } from '../telling/drop-reason.ts';
import { FullQueueNotes } from './full-queue-notes.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { NamedQueuePolicy } from './queue-policies.ts';
import { QueuePolicies } from './queue-policies.ts';
import type { Session, SharedSource } from './session.ts';
import type { SharedGroup } from './shared-group.ts';

export class QueueKeeper {
  readonly policies: QueuePolicies;
  readonly #context: CoreContext;

  /** What waits in the store's queues costs memory. */
  readonly #waitingCosts: boolean;
  /** What waits in these queues of a store on disk, and is in memory nevertheless: it is never written. In bytes. */
  readonly #unwrittenBytes: Map<MessageQueue, number>;
  readonly #notes: FullQueueNotes;

  constructor(context: CoreContext) {
    this.policies = new QueuePolicies(context.profile.queues);
    this.#context = context;
    this.#waitingCosts = context.store.holdsWaitingInMemory;
    this.#unwrittenBytes = new Map();
    this.#notes = new FullQueueNotes(context);
  }

  /** The session's queue, made on first use. */
  queueOf(session: Session): MessageQueue {
    if (session.queue !== null) return session.queue;
    const queue = session.kept
      ? this.#context.store.openQueue({ kind: 'session', clientId: session.clientId })
      : new MemoryQueue();
    if (session.output === null) queue.rest();
    session.queue = queue;
    session.queueUnopened = false;
    return queue;
  }

  /**
   * Adds at the tail. False if the delivery itself was dropped.
   * @param leavesAtOnce it will not wait, so that no limit of what waits concerns it but the broker's budget, and that
   *   only if something is in flight already
   */
  push(session: Session, delivery: Delivery, leavesAtOnce: boolean): boolean {
    if (session.kept && this.#isRefused(delivery, session.clientId)) return false;
    const { clientId, inFlightBytes, kept } = session;
    const queue = this.queueOf(session);
    const passes = leavesAtOnce && (inFlightBytes === 0 || this.affords(delivery));
    if (passes) this.#add(queue, delivery, kept);
    else if (!this.#addWithin(queue, delivery, clientId, inFlightBytes, kept)) return false;
    if (kept) this.#context.staged();
    return true;
  }

  pushShared(group: SharedGroup, delivery: Delivery, leavesAtOnce: boolean): boolean {
    if (group.kept && this.#isRefused(delivery, group.name)) return false;
    const { queue, kept } = group;
    // Whoever takes it has its own bound on what is in flight; a queue that is empty is no reason to refuse it.
    const passes = leavesAtOnce && (group.waiting === 0 || this.affords(delivery));
    if (passes) this.#add(queue, delivery, kept);
    else if (!this.#addWithin(queue, delivery, group.name, null, kept)) return false;
    if (kept) this.#context.staged();
    return true;
  }

  /**
   * Whether the queue has no room for a message that would have to wait in it, by a policy, or the broker's budget has none.
   * @param bytes that the message costs
   * @param inFlightBytes of the session; 0 for a shared group
   * @param kept it is in the store
   */
  isFull(
    queue: MessageQueue | null,
    bytes: number,
    inFlightBytes: number,
    policy: Pick<QueuePolicy, 'messages' | 'bytes'>,
    kept: boolean,
  ): boolean {
    const { limits } = this.#context.profile;
    const { messages = limits.queuedMessages, bytes: ownBytes = limits.queuedBytes } = policy;
    const length = queue?.length ?? 0;
    const waitingBytes = queue?.bytes ?? 0;
    return (
      length >= Math.min(messages, limits.queuedMessages) ||
      waitingBytes + inFlightBytes + bytes > Math.min(ownBytes, limits.queuedBytes) ||
      ((!kept || this.#waitingCosts) && this.#context.queuedBytes + bytes > limits.queuedBytesInAll)
    );
  }

  #add(queue: MessageQueue, delivery: Delivery, kept: boolean): void {
    queue.push(delivery);
    this.#count(queue, delivery, 1, kept);
  }

  /** Adds what is to wait, within the limits, as the policy of its topic says. False if it was dropped itself. */
  #addWithin(
    queue: MessageQueue,
    delivery: Delivery,
    owner: string,
    inFlightBytes: number | null,
    kept: boolean,
  ): boolean {
    const { topic } = delivery.message;
    const policy = this.policies.of(topic);
    const latest = policy?.whenFull === 'keep-latest';
    const takesPlace = latest && queue.holdsLatest(topic.name);
    if (!this.#makeRoom(queue, delivery, owner, inFlightBytes, kept, policy, takesPlace)) return false;
    if (!latest) {
      this.#add(queue, delivery, kept);
      return true;
    }
    const superseded = queue.pushLatest(delivery);
    this.#count(queue, delivery, 1, kept);
    if (superseded === undefined) return true;
    const message = typeof superseded === 'string' ? null : superseded.message;
    this.#context.outcomes.dropped(DropReason.Superseded, owner, topic, 1, '', message);
    if (typeof superseded !== 'string') this.#count(queue, superseded, -1, kept);
    return true;
  }

  /** While nothing can be kept, QoS 0 waits nowhere, however it is delivered; what comes at QoS 1 and 2 has been refused on its way in. */
  #isRefused({ qos, message }: Delivery, owner: string): boolean {
    if ((qos > 0 && message.qos > 0) || message.durability === Durability.Memory) return false;
    if (!this.#context.keeping.refusesQos0) return false;
    this.#context.outcomes.dropped(DropReason.OfflineQos0, owner, message.topic, 1, '', message);
    return true;
  }

  /** What waited in the store for a group without kept members has been taken: what comes now need not be kept. */
  leaveStore(group: SharedGroup): void {
    if (group.leaveStore()) this.#context.staged();
  }

  /** Puts a message back at the head of its group, for another member. */
  returnShared(group: SharedGroup, delivery: Delivery): void {
    group.queue.unshift(delivery);
    this.#count(group.queue, delivery, 1, group.kept);
    if (group.kept) this.#context.staged();
  }

  /** The oldest message that may be sent to this session: its own first, then its groups' in turn. */
  shift(session: Session): Delivery | undefined {
    const own = session.queue?.shift();
    if (own !== undefined) {
      this.#count(session.queue!, own, -1, session.kept);
      return own;
    }
    const shares = session.shares;
    if (shares === null) return undefined;
    for (let i = 0; i < shares.length; i++) {
      if (!this.#mayTakeFirst(shares[i]!, session)) continue;
      const given = this.takeShared(shares[i]!, session);
      if (given === undefined) continue;
      if (shares.length > 1) shares.push(shares.splice(i, 1)[0]!);
      return given;
    }
    return undefined;
  }

  takeShared(group: SharedSource, session: Session): Delivery | undefined {
    const given = group.takeFor(session, this.#context.profile.upgradeOutgoingQos);
    if (given === undefined) return undefined;
    this.#count(group.queue, given, -1, group.kept);
    return given;
  }

  /** Something waits for the session, and none of it can be read now. */
  holdsUnread(session: Session): boolean {
    const { queue, shares } = session;
    if (queue !== null && queue.length > 0) return true;
    return shares?.some((group) => group.waiting > 0 && this.#mayTakeFirst(group, session)) === true;
  }

  /** Whether the oldest message that waits in a group may be received by this member, as far as it can be told. */
  #mayTakeFirst(group: SharedSource, session: Session): boolean {
    const { receiveRights } = this.#context;
    if (!receiveRights.asked || group.waiting === 0) return true;
    const first = group.queue.peek();
    return first === undefined || receiveRights.mayReceive(session, first.message.topic);
  }

  /** Drops the oldest message that waits in a group, if no member may receive it. True if it did. */
  dropUnreceivable(group: SharedGroup): boolean {
    const { outcomes, receiveRights } = this.#context;
    const message = group.queue.peek()?.message;
    if (message === undefined) return false;
    if (group.members.some(({ session }) => receiveRights.mayReceive(session, message.topic))) return false;
    const dropped = group.queue.dropOldest();
    if (dropped === undefined) return false;
    if (typeof dropped !== 'string') this.#count(group.queue, dropped, -1, group.kept);
    if (group.kept) this.#context.staged();
    outcomes.dropped(DropReason.NotAuthorizedToReceive, group.name, message.topic, 1, '', message);
    return true;
  }

  /** What was in flight before a restart and has not been read since, but for what its client has. */
  unconfirmed({ queue }: Session): number {
    return queue?.unconfirmed ?? 0;
  }

  /** The session is no more; returns how many messages waited. */
  dropQueue(session: Session): number {
    const queue = session.queue;
    if (queue === null) return 0;
    const { length } = queue;
    this.#countGone(queue, session.kept);
    session.queue = null;
    return length;
  }

  /** The group's last member is gone. */
  dissolve(group: SharedGroup): void {
    const lost = group.waiting;
    if (lost > 0) this.#countGone(group.queue, group.kept);
    group.dissolve();
    if (lost > 0) this.#context.outcomes.dropped(DropReason.GroupWithoutMembers, group.name, '', lost);
  }

  /** The store has brought back the session's queue: opened when it is needed, unless what waits in it has to be counted. */
  restored(session: Session): void {
    if (this.#waitingCosts) this.countRestored(this.queueOf(session));
    else session.queueUnopened = true;
  }

  /** Counts what a store brought back. */
  countRestored(queue: MessageQueue): void {
    if (this.#waitingCosts) this.#context.queuedBytes += queue.bytes;
  }

  /** What was in flight before a restart, once: nothing has been sent to this session since. */
  takeStoredFlight(session: Session): void {
    const queue = session.queueUnopened ? this.queueOf(session) : session.queue;
    if (session.senderIfUsed !== null || !session.kept || queue === null) return;
    for (const delivery of queue.takeInFlight()) {
      this.tookFlight(session, delivery);
      session.sender.inFlight.insert(delivery.packetId, delivery.state, delivery);
    }
  }

  /** Its client has gone. */
  rest(session: Session): void {
    if (session.kept) session.queue?.rest();
    for (const group of session.shares ?? []) group.rest();
  }

  /**
   * Whether one more may be in flight to it: what comes from the disk costs memory only then. One always may.
   */
  affordsFlight(session: Session): boolean {
    if (this.#waitingCosts || session.inFlightBytes === 0) return true;
    return this.#context.queuedBytes < this.#context.profile.limits.queuedBytesInAll;
  }

  /** Whether the broker's budget has room for one more. */
  affords({ message }: Delivery): boolean {
    return this.#context.queuedBytes + message.bytes <= this.#context.profile.limits.queuedBytesInAll;
  }

  /** Sent and not acknowledged: it costs as much as before, and further ones wait once that is too much. */
  tookFlight(session: Session, delivery: Delivery): void {
    this.#countFlight(session, delivery.message.bytes);
  }

  /** Acknowledged, given up, or its session is no more. */
  leftFlight(session: Session, delivery: Delivery): void {
    this.#countFlight(session, -delivery.message.bytes);
  }

  #countFlight(session: Session, bytes: number): void {
    session.inFlightBytes += bytes;
    session.inFlightFull = session.inFlightBytes >= this.#context.profile.limits.inFlightBytes;
    this.#context.queuedBytes += bytes;
  }

  /**
   * Makes room for one more; false if the new one is what is dropped.
   * @param inFlightBytes of the session; null for a shared group
   * @param takesPlace it takes the place of one that waits
   */
  #makeRoom(
    queue: MessageQueue,
    delivery: Delivery,
    owner: string,
    inFlightBytes: number | null,
    kept: boolean,
    policy: NamedQueuePolicy | null,
    takesPlace: boolean,
  ): boolean {
    const { limits } = this.#context.profile;
    const maximumMessages = Math.min(limits.queuedMessages, policy?.messages ?? limits.queuedMessages);
    const maximumBytes = Math.min(limits.queuedBytes, policy?.bytes ?? limits.queuedBytes);
    const dropsOldest = this.#dropsOldest(policy);
    const held = (inFlightBytes ?? 0) + delivery.message.bytes;
    // What is dropped must make room: not if this one alone is too much, nor if others have overdrawn the budget.
    const fits = limits.queuedMessages > 0 && held <= limits.queuedBytes;
    const shared = inFlightBytes === null;
    this.#notes.look(queue);
    for (;;) {
      const waiting = queue.length - (takesPlace ? 1 : 0);
      const full = waiting >= maximumMessages || queue.bytes + held > maximumBytes;
      const spent = this.#costs(delivery, kept) && !this.affords(delivery);
      if (!full && !spent) return true;
      const useful = fits && (!spent || this.#wouldAfford(queue.bytes, delivery));
      const oldest = useful && dropsOldest ? queue.dropOldest() : undefined;
      const reason = !full
        ? DropReason.TotalBudget
        : shared
          ? DropReason.GroupFull
          : oldest === undefined
            ? DropReason.QueueFullDroppedNewest
            : DropReason.QueueFullDroppedOldest;
      const message = typeof oldest === 'string' ? null : (oldest ?? delivery).message;
      const topic = typeof oldest === 'string' ? oldest : message!.topic;
      const detail = policy?.name ?? '';
      this.#context.outcomes.dropped(reason, owner, topic, 1, detail, message);
      this.#notes.tell(queue, owner, reason);
      if (oldest === undefined) return false;
      // What is only on the disk costs no memory.
      if (typeof oldest !== 'string') this.#count(queue, oldest, -1, kept);
    }
  }

  /** What is to be rejected and has come so far, such as a will, is dropped itself. */
  #dropsOldest(policy: QueuePolicy | null): boolean {
    if (policy === null) return this.#context.profile.fullQueue === 'drop-oldest';
    return policy.whenFull === 'drop-oldest' || policy.whenFull === 'keep-latest';
  }

  /** Whether the budget would have room for one more if so many bytes were given up. */
  #wouldAfford(bytes: number, { message }: Delivery): boolean {
    const { queuedBytesInAll } = this.#context.profile.limits;
    return this.#context.queuedBytes - bytes + message.bytes <= queuedBytesInAll;
  }

  /** What waits in a group has moved into the store. */
  onGroupMoved(delivery: Delivery, from: MessageQueue, to: MessageQueue): void {
    this.#count(from, delivery, -1, false);
    this.#count(to, delivery, 1, true);
  }

  /** Whether it costs memory while it waits. */
  #costs({ message }: Delivery, kept: boolean): boolean {
    return !kept || this.#waitingCosts || message.durability === Durability.Memory;
  }

  #count(queue: MessageQueue, delivery: Delivery, count: 1 | -1, kept: boolean): void {
    if (!this.#costs(delivery, kept)) return;
    const { message } = delivery;
    this.#context.queuedBytes += count * message.bytes;
    if (!kept) {
      this.#context.transientMessages += count;
      this.#context.transientPayloadBytes += count * message.payload.length;
    } else if (!this.#waitingCosts) {
      const bytes = (this.#unwrittenBytes.get(queue) ?? 0) + count * message.bytes;
      if (bytes === 0) this.#unwrittenBytes.delete(queue);
      else this.#unwrittenBytes.set(queue, bytes);
    }
  }

  /** Everything that waits in a queue is given up. What is on the disk is not read for that. */
  #countGone(queue: MessageQueue, kept: boolean): void {
    if (!kept) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        this.#count(queue, next, -1, false);
      return;
    }
    this.#context.queuedBytes -= this.#waitingCosts ? queue.bytes : (this.#unwrittenBytes.get(queue) ?? 0);
    this.#unwrittenBytes.delete(queue);
  }
}
