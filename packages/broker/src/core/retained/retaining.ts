/**
 * Retained messages under the broker's limits: kept, replaced, cleared, expired, and shown to new subscriptions in
 * batches, so that a subscriber to everything delays nobody.
 */
import type { Deadline } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import { logInternalError } from '../internal-error.ts';
import { FIXED_BOUNDS } from '../options/fixed-bounds.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import { Durability } from '../ports/durability.ts';
import { Delivery } from '../publish/delivery.ts';
import type { LocalSubscription } from '../publish/local-subscription.ts';
import type { Message, QoS } from '../publish/message.ts';
import { MESSAGE_OWN_BYTES } from '../publish/message.ts';
import type { Outgoing } from '../publish/outgoing.ts';
import type { Publication } from '../publish/publication.ts';
import type { Session, Subscription } from '../session/session.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { RetainedCursor } from './retained-cursor.ts';
import { RetainedMessages } from './retained-messages.ts';
import type { Retainable } from './retained-node.ts';
import { RetainedQuotas } from './retained-quotas.ts';

/** Messages in a session's queue above which it is shown no more for a while. */
const MAX_WAITING = FIXED_BOUNDS.retainedWaiting.value;

const NOT_RETAINED = 'routed, but not retained: the broker already retains as much as it may';

/** What one subscription is still to be shown. */
interface Showing {
  subscription: Subscription;
  readonly session: Session;
  readonly cursor: RetainedCursor<Message>;
  /** Read, and waits for room; null if nothing does. */
  held: Message | null;
}

/** What a subscription of the application is still to be shown. */
interface LocalShowing {
  readonly subscription: LocalSubscription;
  readonly cursor: RetainedCursor<Message>;
}

export class Retaining {
  readonly messages: RetainedMessages<Message>;
  readonly #context: CoreContext;
  readonly #outgoing: Outgoing;
  readonly #publication: Publication;
  readonly #expiries: Map<string, Deadline>;
  #showings: Showing[];
  #localShowings: LocalShowing[];
  readonly #batch: Message[];
  /** Who published what, if that is to be asked about again. */
  readonly #sources: WeakMap<Message, ClientIdentity>;
  readonly #quotas: RetainedQuotas;
  /** Why `retain` said no last, as the publisher is told it. */
  refusal: string;

  constructor(context: CoreContext, outgoing: Outgoing, publication: Publication, hashSeed: number) {
    this.messages = new RetainedMessages({ hashSeed });
    this.#context = context;
    this.#outgoing = outgoing;
    this.#publication = publication;
    this.#expiries = new Map();
    this.#showings = [];
    this.#localShowings = [];
    this.#batch = [];
    this.#sources = new WeakMap();
    this.#quotas = new RetainedQuotas(context.profile.retainedQuotas);
    this.refusal = NOT_RETAINED;
  }

  /**
   * Keeps a message published with RETAIN in place of the topic's last one, or clears it. False beyond a limit, or if
   * nothing can be kept now: then what was retained before stays, because what is on the disk cannot be changed.
   */
  retain(publication: Publication): boolean {
    const { name } = publication.topic;
    const inMemory = publication.durability === Durability.Memory;
    if (publication.qos === 0 && !inMemory && this.#mustNotKeep(publication)) {
      const { publisherId, topic } = publication;
      this.#context.outcomes.dropped(DropReason.NotKept, publisherId, topic, 1, '', publication);
      this.refusal = NOT_RETAINED;
      this.#context.dropLog.write(
        'warning',
        'not-kept',
        `${name}: a QoS 0 message was routed, but not retained`,
      );
      return false;
    }
    // [MQTT-3.3.1-7] [MQTT-3.3.1-11] 3.1.1
    if (publication.payloadLength === 0) {
      this.clear(name); // [MQTT-3.3.1-6] [MQTT-3.3.1-10] 3.1.1
      return true;
    }
    const message = publication.message();
    const full = this.#fullness(name, message);
    if (full !== null) {
      this.clear(name); // what was retained before is out of date [MQTT-3.3.1-7] 3.1.1
      const { publisherId, topic } = publication;
      this.#context.outcomes.dropped(DropReason.RetainedLimit, publisherId, topic, 1, full, message);
      this.refusal = `routed, but not retained: ${full}`;
      return false;
    }
    if (inMemory) this.#forget(name, this.messages.get(name)); // what the store has is older
    this.keep(message); // [MQTT-3.3.1-5] [MQTT-3.3.1-5] 3.1.1
    const source = publication.publisher?.identity;
    if (this.#context.profile.checkRetainSource && source != null) this.#sources.set(message, source);
    if (!inMemory) this.#put(name, message);
    return true;
  }

  /** Of QoS 0. A message of the application is kept, or was refused on its way in. */
  #mustNotKeep({ publisher, publisherId }: Publication): boolean {
    const { keeping } = this.#context;
    const isLocal = publisher === null && publisherId === '';
    return isLocal ? keeping.messageRefusal !== null : keeping.refusesQos0;
  }

  /** Takes a message into the tree without staging: it comes from the store. */
  keep(message: Message): void {
    const { name } = message.topic;
    const replaced = this.messages.set(name, message);
    if (!this.#quotas.isEmpty) {
      this.#quotas.count(name, replaced === null ? 1 : 0, message.bytes - (replaced?.bytes ?? 0));
    }
    this.#expireAt(name, message.expiresAtMs);
  }

  clear(topicName: string): void {
    const cleared = this.messages.delete(topicName);
    if (cleared === null) return;
    if (!this.#quotas.isEmpty) this.#quotas.count(topicName, -1, -cleared.bytes);
    this.#expireAt(topicName, Number.POSITIVE_INFINITY);
    this.#forget(topicName, cleared);
  }

  #put(topicName: string, message: Message): void {
    this.#context.store.putRetained(topicName, message, this.#context.toWallMs(message.expiresAtMs));
    this.#context.staged();
  }

  /** Lets the store forget the topic's message, if it has it: not one that is in memory only. */
  #forget(topicName: string, message: Message | null): void {
    if (message === null || message.durability === Durability.Memory) return;
    this.#context.store.deleteRetained(topicName);
    this.#context.staged();
  }

  /** Shows a new subscription what is retained, beginning now, the rest in later turns. */
  show(session: Session, subscription: Subscription): void {
    const cursor = this.messages.match(subscription.topicFilter);
    const showing = { subscription, session, cursor, held: null };
    if (!this.#showBatch(showing)) return;
    this.#showings.push(showing);
    this.#context.requestTurn();
  }

  /** A subscription that shows nothing of its own has replaced another: it gets what that one was still to be shown. */
  goOnWith(subscription: Subscription, replaced: Subscription): void {
    for (const showing of this.#showings) {
      if (showing.subscription === replaced) showing.subscription = subscription; // [MQTT-3.8.4-4]
    }
  }

  /** The same for the application that embeds the broker; handed over after each turn. */
  showLocal(subscription: LocalSubscription): void {
    const showing = { subscription, cursor: this.messages.match(subscription.topicFilter) };
    if (!this.#showLocalBatch(showing)) return;
    this.#localShowings.push(showing);
    this.#context.requestTurn();
  }

  /** Part of the turn: one batch for each subscription whose session can take it. */
  showMore(): void {
    if (this.#localShowings.length > 0) {
      this.#localShowings = this.#localShowings.filter((showing) => this.#showLocalBatch(showing));
      if (this.#localShowings.length > 0) this.#context.requestTurn();
    }
    if (this.#showings.length === 0) return;
    const showings = this.#showings;
    this.#showings = [];
    for (const showing of showings) if (this.#showGuarded(showing)) this.#showings.push(showing);
    if (this.#showings.some(({ held }) => held === null)) this.#context.requestTurn();
  }

  /** True while there is more to show. What finds no room in this turn is not read before a later one. */
  #showLocalBatch({ subscription, cursor }: LocalShowing): boolean {
    const { retainedBatch } = this.#context.profile.limits;
    const batch = this.#batch;
    for (let visited = 0; visited < retainedBatch && this.#context.hasRoomForLocal; visited++) {
      if (subscription.ended || cursor.done) return false;
      batch.length = 0;
      cursor.read(1, batch);
      const message = batch[0];
      if (message === undefined || message.expiresAtMs <= this.#context.nowMs) continue;
      this.#context.addLocal({ subscription, message, retained: true });
    }
    return !subscription.ended && !cursor.done;
  }

  /** Like `#showBatch`; what goes wrong ends the connection of that session, and no other's showing. */
  #showGuarded(showing: Showing): boolean {
    try {
      return this.#showBatch(showing);
    } catch (error) {
      const { holder } = showing.session;
      if (holder === null) logInternalError(this.#context.errorLog, 'showing retained messages', error);
      else holder.onFailed(error);
      return false;
    }
  }

  /** True while there is more to show. */
  #showBatch(showing: Showing): boolean {
    const { subscription, session, cursor } = showing;
    if (session.ended || session.subscriptionTo(subscription.topicFilter) !== subscription) return false;
    const { retainedBatch } = this.#context.profile.limits;
    const batch = this.#batch;
    for (let visited = 0; visited < retainedBatch; visited++) {
      batch.length = 0;
      if (showing.held === null) {
        if (cursor.done) return false;
        cursor.read(1, batch);
      }
      const message = showing.held ?? batch[0];
      if (message === undefined) continue;
      if (!this.#canTake(session, message)) {
        showing.held = message;
        return true;
      }
      // What replaced it while it was held has come as any message does.
      const current = showing.held === null || this.messages.get(message.topic.name) === message;
      showing.held = null;
      if (current) this.#deliver(session, subscription, message);
    }
    return !cursor.done;
  }

  /** Room in its outbox, and not so much waiting that more would only fill its queue. Offline, its queue's limits hold. */
  #canTake({ output, queue, kept }: Session, message: Message): boolean {
    if (output === null) return true;
    if (kept && this.#context.keeping.refusal !== null) return false;
    const { outbox } = output;
    if (!outbox.accepts(message.bytes)) {
      // Only a transport that has not drained tells later that there is room.
      if (!outbox.blocked) outbox.flush();
      if (!outbox.accepts(message.bytes)) return false;
    }
    const { queuedMessages } = this.#context.profile.limits;
    return queue === null || queue.length === 0 || queue.length < Math.min(MAX_WAITING, queuedMessages);
  }

  #deliver(session: Session, subscription: Subscription, message: Message): void {
    const { outcomes, receiveRights } = this.#context;
    if (message.expiresAtMs <= this.#context.nowMs) return;
    const source = this.#context.profile.checkRetainSource ? this.#sources.get(message) : undefined;
    if (source !== undefined && !receiveRights.mayStillPublish(source, message)) {
      outcomes.dropped(DropReason.NotAuthorized, source.clientId, message.topic, 1, '', message);
      return;
    }
    if (!receiveRights.mayReceive(session, message.topic)) {
      const { clientId } = session;
      outcomes.dropped(DropReason.NotAuthorizedToReceive, clientId, message.topic, 1, '', message);
      return;
    }
    const lower = message.qos < subscription.qos && !this.#context.profile.upgradeOutgoingQos;
    const qos: QoS = lower ? message.qos : subscription.qos;
    const identifiers =
      subscription.subscriptionIdentifier === 0 ? [] : [subscription.subscriptionIdentifier]; // [MQTT-3.3.4-3]
    if (qos > 0) {
      this.#outgoing.enqueue(session, new Delivery(message, qos, true, identifiers)); // [MQTT-3.3.1-8] 3.1.1
      return;
    }
    if (session.output === null) return;
    this.#publication.beginKept(message, null, '', this.#context.nowMs);
    this.#outgoing.deliverQos0(this.#publication, session, true, identifiers);
  }

  /** The wall clock has jumped: see `Sessions.restamp`. */
  restamp(): void {
    for (const topicName of this.#expiries.keys()) {
      const message = this.messages.get(topicName);
      if (message !== null && message.durability !== Durability.Memory) this.#put(topicName, message);
    }
  }

  /** Other quotas: what is retained beyond them stays until it is replaced. */
  reconfigure(): void {
    const { retainedQuotas, limits } = this.#context.profile;
    this.#quotas.reconfigure(retainedQuotas, (topicFilter, count) => {
      const cursor = this.messages.match(topicFilter);
      const batch: Message[] = [];
      while (!cursor.done) {
        batch.length = 0;
        cursor.read(limits.retainedBatch, batch);
        for (const message of batch) count(message.bytes);
      }
    });
  }

  /** Why a small message may not be retained for the topic; null if it may. */
  fullnessOf(topicName: string): string | null {
    return this.#fullness(topicName, { bytes: MESSAGE_OWN_BYTES + topicName.length });
  }

  /** Why the message may not be retained; null if it may. */
  #fullness(topicName: string, message: Retainable): string | null {
    const { limits } = this.#context.profile;
    const replaced = this.messages.get(topicName);
    const more = replaced === null ? 1 : 0;
    if (
      this.messages.count + more > limits.retainedMessages ||
      this.messages.bytesWith(topicName, message) > limits.retainedBytes
    ) {
      return 'the broker already retains as much as it may';
    }
    return this.#quotas.refusal(topicName, more, message.bytes - (replaced?.bytes ?? 0));
  }

  #expireAt(topicName: string, atMs: number): void {
    const old = this.#expiries.get(topicName);
    if (atMs === Number.POSITIVE_INFINITY) {
      if (old === undefined) return;
      this.#context.deadlines.clear(old);
      this.#expiries.delete(topicName);
      return;
    }
    const deadline = old ?? { heapIndex: -1, onDue: () => this.#expire(topicName) };
    this.#expiries.set(topicName, deadline);
    this.#context.deadlines.set(deadline, atMs);
  }

  #expire(topicName: string): void {
    this.#expiries.delete(topicName);
    this.clear(topicName); // [MQTT-3.3.2-5]
  }
}
