/**
 * Messages from the server: whose they are, and when they are acknowledged. What must survive the connection is here: the
 * QoS 2 packet identifiers of the Receiver, and the QoS 2 messages that the application still works on, so that one that
 * is sent again after a reconnect reaches nobody twice.
 *
 * A QoS 2 message goes to the application when its PUBLISH comes. Its packet identifier is kept when the application is
 * done with it, and PUBREC leaves after that: a crash in between makes the server send it again, and never loses it.
 */
import type { PublishProperties, Qos } from '@martlet/protocol';
import {
  MalformedPacketError,
  NO_PROPERTIES,
  ProtocolError,
  ProtocolVersion,
  ReasonCode,
  Receiver,
  readPublishProperties,
  readVariableByteInteger,
  variableByteIntegerLength,
} from '@martlet/protocol';
import type { IncomingAliases } from '../connection/topic-aliases.ts';
import type { Keeper } from '../keeper.ts';
import { meantBy } from '../subscriptions/server-subscription.ts';
import type { DropReason, Subscriber } from '../subscriptions/subscriber.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';
import type { Answer } from './acknowledgements.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { Delivered } from './delivery.ts';
import { Delivery, DeliveryProgress } from './delivery.ts';
import { KnownBytes } from './known-bytes.ts';
import { KnownTopic } from './known-topic.ts';
import { Message } from './message.ts';

/** What messages from the server need of the connection and of the application. */
export interface IncomingOwner {
  sendAcknowledgement(type: 'puback' | 'pubrec' | 'pubcomp', packetId: number, reasonCode: ReasonCode): void;
  /** Something has been staged for the store. */
  requestTurn(): void;
  /** No subscription asked for it; whoever takes it settles it. */
  onUnrouted(message: Message): void;
  /** Nobody is left for whom it was. */
  onDropped(message: Message, reason: DropReason): void;
  /** So many messages are not acknowledged that the server may send no more. True when that has been told. */
  onStalled(receiveMaximum: number): boolean;
  /** The server has sent more than that: reading may have to wait. @param isFirst on this connection */
  onExcess(receiveMaximum: number, isFirst: boolean): void;
}

/** A PUBCOMP, which waits until the store has forgotten its identifier. */
interface Completion extends Answer {
  readonly packetId: number;
  readonly isKnown: boolean;
}

interface KnownProperties {
  readonly bytes: Uint8Array;
  readonly properties: PublishProperties;
}

const EMPTY: Uint8Array = new Uint8Array(0);
/** So many times the Receive Maximum may wait where reading must go on, whatever they count in bytes. */
const TOLERANCE = 8;
/** A server that keeps to the protocol has no more packet identifiers. */
const MAXIMUM_UNACKNOWLEDGED = 0xffff;
/**
 * Properties in so few bytes are likely to come again: a Topic Alias, a Subscription Identifier. Those that differ from
 * message to message, such as User Properties and Correlation Data, are most often longer.
 */
const KNOWN_PROPERTIES_BYTES = 16;

export class Incoming {
  readonly receiver: Receiver = new Receiver();
  readonly #keeper: Keeper;
  readonly #subscriptions: Subscriptions;
  readonly #owner: IncomingOwner;
  readonly #topics: KnownBytes<KnownTopic> = new KnownBytes((bytes) => new KnownTopic(bytes));
  readonly #properties: KnownBytes<KnownProperties> = new KnownBytes((bytes) => ({
    bytes,
    properties: Object.freeze(readPublishProperties(bytes, 0, bytes.length)),
  }));
  /**
   * QoS 1 messages of the last connection with which the application was done after its end, by packet identifier: the
   * server sends them again, and the application gets them once.
   */
  readonly #settled: Map<number, Delivered> = new Map();
  /** QoS 2 messages that the application has and is not done with, by packet identifier. */
  readonly #pending: Map<number, Delivery> = new Map();
  #completions!: Acknowledgements<Completion>;
  #acknowledgements!: Acknowledgements<Delivery>;
  #aliases: IncomingAliases<KnownTopic> | null = null;
  #version: ProtocolVersion = ProtocolVersion.V5;
  #receiveMaximum = 0;
  /** Messages of this connection that stay unacknowledged. */
  #left = 0;
  #isStallTold = false;
  #isExcessTold = false;
  /** Which connection this is, as a count. */
  #epoch = 0;
  #isOnline = false;

  constructor(keeper: Keeper, subscriptions: Subscriptions, owner: IncomingOwner) {
    this.#keeper = keeper;
    this.#subscriptions = subscriptions;
    this.#owner = owner;
    this.#forgetConnection();
  }

  /** How many messages of this connection have not been acknowledged. */
  get unacknowledged(): number {
    return this.#acknowledgements.size + this.#acknowledgements.left;
  }

  /** Of these, how many may still be, and wait for the application or for one before them. */
  get held(): number {
    return this.unacknowledged - this.#left;
  }

  /**
   * Whether the server has sent so much more than it may that nothing is read before the application lets go of some. What
   * counts are PUBACK and PUBREC that have not left: PUBCOMP, for which the server's count waits, follows a PUBREL that is
   * behind in the stream.
   *
   * While the application may wait for an answer, which is behind as well, reading goes on.
   */
  get isFlooded(): boolean {
    return this.#acknowledgements.size > this.#receiveMaximum;
  }

  /** Whether it has sent so many that no more may wait than the buffers hold, though reading goes on. */
  get isExcessive(): boolean {
    return this.#acknowledgements.size > this.#receiveMaximum * TOLERANCE;
  }

  online(
    sessionPresent: boolean,
    version: ProtocolVersion,
    receiveMaximum: number,
    aliases: IncomingAliases<KnownTopic>,
  ): void {
    if (!sessionPresent) this.#forgetSession();
    this.#version = version;
    this.#aliases = aliases;
    this.#receiveMaximum = receiveMaximum;
    this.#isOnline = true;
    // What it counts is not what we go by: see `isFlooded`.
    this.receiver.connected(MAXIMUM_UNACKNOWLEDGED);
  }

  offline(): void {
    if (!this.#isOnline) return;
    this.#isOnline = false;
    this.#epoch++;
    this.#settled.clear();
    this.#left = 0;
    this.#isStallTold = false;
    this.#isExcessTold = false;
    this.#aliases = null;
    this.#forgetConnection();
  }

  #forgetConnection(): void {
    this.#completions = new Acknowledgements(this.#keeper, this.#complete);
    this.#acknowledgements = new Acknowledgements(this.#keeper, this.#sendAcknowledgement);
  }

  /** A packet identifier that the store has kept. */
  restore(packetId: number): void {
    this.receiver.restore(packetId);
  }

  /** More of what was staged is safe: what waited for it leaves. */
  onSafe(): void {
    this.#acknowledgements.send();
    this.#completions.send();
  }

  /**
   * PUBLISH in `bytes[start, end)`, with its variable header at `body`. Refuses what the reference decoder refuses.
   * @throws {RemoteError}
   */
  onPublish(bytes: Uint8Array, start: number, body: number, end: number): void {
    const flags = bytes[start]! & 0x0f;
    const qos = ((flags >> 1) & 3) as Qos | 3;
    // [MQTT-3.3.1-2] [MQTT-3.3.1-4] [MQTT-3.3.1-2] 3.1.1 [MQTT-3.3.1-4] 3.1.1
    if (qos === 3 || (flags > 7 && qos === 0 && this.#version !== ProtocolVersion.V31)) {
      throw new MalformedPacketError(`expected QoS 0, 1 or 2 and no DUP with 0, got flags ${flags}`);
    }
    const topicEnd = body + 2 + (end - body < 2 ? 0 : (bytes[body]! << 8) | bytes[body + 1]!);
    let at = topicEnd + (qos === 0 ? 0 : 2);
    let length = 0;
    if (this.#version === ProtocolVersion.V5) {
      length = readVariableByteInteger(bytes, at, end);
      at += variableByteIntegerLength(length) + length;
    }
    if (at > end) throw new MalformedPacketError('expected a whole PUBLISH, got a part of one');
    const packetId = qos === 0 ? 0 : (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!;
    if (qos !== 0 && packetId === 0) {
      throw new ProtocolError('expected a Packet Identifier from 1 on, got 0'); // [MQTT-2.2.1-4] [MQTT-2.3.1-1] 3.1.1
    }
    const properties =
      length === 0
        ? NO_PROPERTIES
        : length > KNOWN_PROPERTIES_BYTES
          ? readPublishProperties(bytes, at - length, at)
          : this.#properties.find(bytes, at - length, at).properties;
    const topic = this.#topicOf(bytes, body + 2, topicEnd, properties);
    const delivery = this.#receive(qos, packetId);
    if (delivery === undefined) return;
    const payload = at === end ? EMPTY : bytes.subarray(at, end);
    // MQTT 3.1 gives DUP no meaning at QoS 0.
    const isDup = flags > 7 && qos !== 0;
    if (qos === 1 && this.#settled.size > 0 && this.#wasSettled(packetId, isDup, topic, payload)) {
      delivery!.progress = DeliveryProgress.Done;
    } else {
      this.#dispatch(
        new Message(topic.topicName, payload, qos, (flags & 1) !== 0, isDup, properties, delivery, length),
        topic,
      );
    }
    if (delivery === null) return;
    this.#add(delivery);
    this.#tellStall();
  }

  /** @throws {ProtocolError} 0x93 when the server has sent more than there are packet identifiers, and is not held back */
  #add(delivery: Delivery): void {
    this.#acknowledgements.add(delivery);
    if (!this.isFlooded) return;
    if (this.#acknowledgements.size > MAXIMUM_UNACKNOWLEDGED) {
      throw new ProtocolError(
        `expected at most ${this.#receiveMaximum} messages unacknowledged, got ${this.#acknowledgements.size}`,
        ReasonCode.ReceiveMaximumExceeded,
      );
    }
    const isFirst = !this.#isExcessTold;
    this.#isExcessTold = true;
    this.#owner.onExcess(this.#receiveMaximum, isFirst);
  }

  /** @throws {ProtocolError} for a name that is none, and for an alias that is not set */
  #topicOf(bytes: Uint8Array, start: number, end: number, { topicAlias }: PublishProperties): KnownTopic {
    if (topicAlias === undefined) {
      if (start === end && this.#version === ProtocolVersion.V5) {
        throw new ProtocolError('expected a Topic Name or a Topic Alias in PUBLISH, got neither'); // [MQTT-4.7.3-1]
      }
      return this.#topics.find(bytes, start, end);
    }
    return this.#aliases!.resolve(topicAlias, start === end ? null : this.#topics.find(bytes, start, end));
  }

  /** Null at QoS 0; undefined for a message that has been received before. */
  #receive(qos: Qos, packetId: number): Delivery | null | undefined {
    if (qos === 0) return null;
    if (qos === 1)
      this.receiver.onPublishQos1(); // [MQTT-4.3.2-5] [MQTT-4.3.2-2] 3.1.1
    else if (!this.receiver.onPublishQos2(packetId)) {
      this.#onRepeated(packetId);
      return undefined;
    }
    const delivery = new Delivery(packetId, qos, this.#epoch, this.#onSettled);
    if (qos === 2) this.#pending.set(packetId, delivery);
    return delivery;
  }

  /** The server has not seen PUBREC. The application may still be at work on the message. [MQTT-4.3.3-10] */
  #onRepeated(packetId: number): void {
    let delivery = this.#pending.get(packetId);
    if (delivery === undefined) {
      delivery = new Delivery(packetId, 2, this.#epoch, this.#onSettled);
      delivery.progress = DeliveryProgress.Done;
      delivery.revision = this.#keeper.revision;
    } else if (delivery.epoch === this.#epoch) return;
    delivery.epoch = this.#epoch;
    // A server that repeats itself without end must not fill the memory.
    this.#add(delivery);
  }

  /**
   * The server never saw this identifier acknowledged, and so has used it for nothing else since, unless it says so by DUP
   * 0. A message that differs is another one all the same.
   */
  #wasSettled(packetId: number, isDup: boolean, { topicName }: KnownTopic, payload: Uint8Array): boolean {
    const settled = this.#settled.get(packetId);
    this.#settled.delete(packetId);
    return (
      isDup &&
      settled?.topicName === topicName &&
      settled.payload.length === payload.length &&
      payload.every((byte, i) => byte === settled.payload[i])
    );
  }

  #dispatch(message: Message, topic: KnownTopic): void {
    const subscriptions = this.#subscriptions;
    if (topic.generation !== subscriptions.generation) {
      topic.matching = subscriptions.match(topic.topicName);
      topic.generation = subscriptions.generation;
    }
    const { matching } = topic;
    const identifiers = meantBy(message, matching);
    let last: Subscriber | null = null;
    for (let i = 0; i < matching.length; i++) {
      const each = matching[i]!;
      if (identifiers !== undefined && each.named(identifiers) === undefined) continue;
      const subscribers = message.retain
        ? each.retainedFor(message.properties.subscriptionIdentifiers)
        : each.subscribers;
      for (let k = 0; k < subscribers.length; k++) {
        last?.offer(message.share());
        last = subscribers[k]!;
      }
    }
    if (last !== null) last.offer(message);
    else if (matching.length === 0) this.#owner.onUnrouted(message);
    else {
      // It was for somebody who has left, or for those who want nothing that was there before.
      if (matching.some((each) => each.wanting().length > 0)) this.#owner.onDropped(message, 'unsubscribed');
      message.acknowledge();
    }
  }

  /** The application is done with a message. */
  readonly #onSettled = (delivery: Delivery, message: Delivered): void => {
    const { packetId, qos, epoch } = delivery;
    const isRefused = delivery.reasonCode >= 0x80;
    // Older servers cannot be told.
    if (isRefused && this.#version !== ProtocolVersion.V5) delivery.progress = DeliveryProgress.Left;
    const isLeft = delivery.progress === DeliveryProgress.Left;
    if (qos === 2 && this.#pending.get(packetId) === delivery) {
      this.#pending.delete(packetId);
      if (isLeft || isRefused)
        this.receiver.forget(packetId); // [MQTT-4.3.3-9]
      else delivery.revision = this.#keeper.keep(-packetId, EMPTY);
      this.#owner.requestTurn();
    }
    if (epoch !== this.#epoch) {
      if (qos === 2 || isLeft || isRefused || epoch !== this.#epoch - 1) return;
      message.detach();
      this.#settled.set(packetId, message);
      return;
    }
    if (isLeft) this.#left++;
    this.#acknowledgements.send();
    if (!isLeft) return;
    this.#tellStall();
    // What waits to be read may be.
    this.#owner.requestTurn();
  };

  readonly #sendAcknowledgement = ({ packetId, qos, reasonCode }: Delivery): void => {
    if (!this.#isOnline) return;
    this.#owner.sendAcknowledgement(qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode); // [MQTT-3.3.4-1] [MQTT-4.3.2-4] [MQTT-4.3.3-8] [MQTT-3.3.4-1] 3.1.1
    if (qos === 1 || reasonCode >= 0x80) this.receiver.acknowledged(1);
  };

  /** The application holds, or has left, all that the server may send at once: nothing moves before it lets go. */
  #tellStall(): void {
    if (this.unacknowledged < this.#receiveMaximum || this.#isStallTold) return;
    if (this.#left < this.#receiveMaximum && !this.#acknowledgements.isHeld) return;
    this.#isStallTold = this.#owner.onStalled(this.#receiveMaximum);
  }

  /**
   * Answered whatever has become of the message. [MQTT-4.3.3-11] [MQTT-4.3.3-13] [MQTT-4.3.3-2] 3.1.1
   * @throws {ProtocolError}
   */
  onPubrel(packetId: number): void {
    if (this.#pending.has(packetId)) throw new ProtocolError('expected PUBREL after PUBREC, got it before');
    const isKnown = this.receiver.onPubrel(packetId);
    // The server reuses the identifier after PUBCOMP: it must not be taken for the old one after a crash.
    const revision = isKnown ? this.#keeper.keep(-packetId, null) : this.#keeper.revision;
    this.#completions.add({ progress: DeliveryProgress.Done, revision, packetId, isKnown });
    if (this.#completions.size > MAXIMUM_UNACKNOWLEDGED)
      throw new ProtocolError('expected PUBREL once for each message, got it again and again');
  }

  readonly #complete = ({ packetId, isKnown }: Completion): void => {
    const isV5 = this.#version === ProtocolVersion.V5;
    const told = isKnown || !isV5 ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
    this.#owner.sendAcknowledgement('pubcomp', packetId, told);
    if (isKnown) this.receiver.acknowledged(1);
  };

  /** The server has no session: the identifiers mean nothing any more. [MQTT-3.2.2-5] */
  #forgetSession(): void {
    this.#settled.clear();
    for (const packetId of [...this.receiver.received]) {
      this.receiver.forget(packetId);
      this.#keeper.keep(-packetId, null);
    }
    this.#pending.clear();
  }
}
