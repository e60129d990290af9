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
import type { Subscriptions } from '../subscriptions/subscriptions.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { Delivery, DeliveryProgress } from './delivery.ts';
import { Message } from './message.ts';
import type { KnownTopic } from './topic-cache.ts';
import { TopicCache } from './topic-cache.ts';

/** What is written to the server about messages from it. */
export interface AcknowledgementSender {
  sendPuback(packetId: number, reasonCode: ReasonCode): void;
  sendPubrec(packetId: number, reasonCode: ReasonCode): void;
  sendPubcomp(packetId: number, reasonCode: ReasonCode): void;
}

const EMPTY: Uint8Array = new Uint8Array(0);

export class Incoming {
  readonly receiver: Receiver = new Receiver();
  readonly #keeper: Keeper;
  readonly #subscriptions: Subscriptions;
  readonly #sender: AcknowledgementSender;
  readonly #onUnrouted: (message: Message) => void;
  readonly #topics: TopicCache = new TopicCache();
  /** QoS 2 messages that the application has and is not done with, by packet identifier. */
  readonly #pending: Map<number, Delivery> = new Map();
  /** PUBCOMPs that wait until the store has forgotten their identifiers. */
  #completions: { readonly packetId: number; readonly revision: number }[] = [];
  #acknowledgements: Acknowledgements;
  #aliases: IncomingAliases<KnownTopic> | null = null;
  #version: ProtocolVersion = ProtocolVersion.V5;
  /** Which connection this is, as a count. */
  #epoch = 0;
  #isOnline = false;

  /** @param onUnrouted is given what no subscription asked for; it settles the message. */
  constructor(
    keeper: Keeper,
    subscriptions: Subscriptions,
    sender: AcknowledgementSender,
    onUnrouted: (message: Message) => void,
  ) {
    this.#keeper = keeper;
    this.#subscriptions = subscriptions;
    this.#sender = sender;
    this.#onUnrouted = onUnrouted;
    this.#acknowledgements = new Acknowledgements(keeper, this.#sendAcknowledgement);
  }

  /** How many messages of this connection have not been acknowledged. */
  get unacknowledged(): number {
    return this.#acknowledgements.size;
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
    this.#isOnline = true;
    this.receiver.connected(receiveMaximum);
  }

  offline(): void {
    this.#isOnline = false;
    this.#epoch++;
    this.#aliases = null;
    this.#completions = [];
    this.#acknowledgements = new Acknowledgements(this.#keeper, this.#sendAcknowledgement);
  }

  /** A packet identifier that the store has kept. */
  restore(packetId: number): void {
    this.receiver.restore(packetId);
  }

  /** More of what was staged is safe: what waited for it leaves. */
  onSafe(): void {
    this.#acknowledgements.send();
    while (this.#completions.length > 0 && this.#keeper.isSafe(this.#completions[0]!.revision)) {
      this.#complete(this.#completions.shift()!.packetId);
    }
  }

  /**
   * PUBLISH in `bytes[start, end)`, with its variable header at `body`.
   * @throws {RemoteError}
   */
  onPublish(bytes: Uint8Array, start: number, body: number, end: number): void {
    const flags = bytes[start]! & 0x0f;
    const qos = ((flags >> 1) & 3) as Qos | 3;
    if (qos === 3) throw new MalformedPacketError('expected QoS 0, 1 or 2 in PUBLISH, got 3'); // [MQTT-3.3.1-4]
    if (flags > 7 && qos === 0 && this.#version !== ProtocolVersion.V31) {
      throw new MalformedPacketError('expected DUP 0 in a PUBLISH of QoS 0, got 1'); // [MQTT-3.3.1-2]
    }
    const topicEnd = body + 2 + (end - body < 2 ? 0 : (bytes[body]! << 8) | bytes[body + 1]!);
    let at = topicEnd + (qos === 0 ? 0 : 2);
    if (end - body < 2 || at > end)
      throw new MalformedPacketError('expected a whole PUBLISH, got a part of one');
    const packetId = qos === 0 ? 0 : (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!;
    if (qos !== 0 && packetId === 0)
      throw new MalformedPacketError('expected a packet identifier from 1, got 0'); // [MQTT-2.2.1-3]
    let properties: PublishProperties = NO_PROPERTIES;
    if (this.#version === ProtocolVersion.V5) {
      if (at < end && bytes[at] === 0) at++;
      else {
        const length = readVariableByteInteger(bytes, at, end);
        at += variableByteIntegerLength(length);
        if (at + length > end)
          throw new MalformedPacketError('expected whole properties in PUBLISH, got a part');
        properties = readPublishProperties(bytes, at, at + length);
        at += length;
      }
    }
    const topic = this.#topicOf(bytes, body + 2, topicEnd, properties);
    const delivery = this.#receive(qos, packetId);
    if (delivery === undefined) return;
    const payload = at === end ? EMPTY : bytes.subarray(at, end);
    const message = new Message(
      topic.topicName,
      payload,
      qos,
      (flags & 1) !== 0,
      flags > 7,
      properties,
      delivery,
    );
    this.#dispatch(message, topic);
    if (delivery !== null) this.#acknowledgements.send();
  }

  #topicOf(bytes: Uint8Array, start: number, end: number, { topicAlias }: PublishProperties): KnownTopic {
    if (topicAlias === undefined) return this.#topics.find(bytes, start, end);
    const named = start === end ? null : this.#topics.find(bytes, start, end);
    return this.#aliases!.resolve(topicAlias, named);
  }

  /** Null at QoS 0; undefined for a message that has been received before. */
  #receive(qos: Qos, packetId: number): Delivery | null | undefined {
    if (qos === 0) return null;
    if (qos === 1) this.receiver.onPublishQos1();
    else if (!this.receiver.onPublishQos2(packetId)) {
      this.#onRepeated(packetId);
      return undefined;
    }
    const delivery = new Delivery(packetId, qos, this.#epoch, this.#onSettled);
    if (qos === 2) this.#pending.set(packetId, delivery);
    this.#acknowledgements.push(delivery);
    return delivery;
  }

  /** The server has not seen PUBREC. The application may still be at work on the message. */
  #onRepeated(packetId: number): void {
    let delivery = this.#pending.get(packetId);
    if (delivery === undefined) {
      delivery = new Delivery(packetId, 2, this.#epoch, this.#onSettled);
      delivery.progress = DeliveryProgress.Done;
      delivery.revision = this.#keeper.revision;
    } else if (delivery.epoch === this.#epoch) return;
    delivery.epoch = this.#epoch;
    this.#acknowledgements.push(delivery);
    this.#acknowledgements.send();
  }

  #dispatch(message: Message, topic: KnownTopic): void {
    const subscriptions = this.#subscriptions;
    const identifiers = message.properties.subscriptionIdentifiers;
    let subscribers = topic.subscribers;
    if (identifiers !== undefined) subscribers = subscriptions.match(topic.topicName, identifiers);
    else if (topic.generation !== subscriptions.generation) {
      subscribers = topic.subscribers = subscriptions.match(topic.topicName, undefined);
      topic.generation = subscriptions.generation;
    }
    const last = subscribers.length - 1;
    if (last < 0) {
      this.#onUnrouted(message);
      return;
    }
    for (let i = 0; i < last; i++) subscribers[i]!.offer(message.share());
    subscribers[last]!.offer(message);
  }

  /** The application is done with a message. */
  readonly #onSettled = (delivery: Delivery): void => {
    const { packetId, qos, progress, reasonCode } = delivery;
    if (qos === 2) {
      if (this.#pending.get(packetId) === delivery) this.#pending.delete(packetId);
      if (progress === DeliveryProgress.Left || reasonCode >= 0x80) this.receiver.forget(packetId);
      else delivery.revision = this.#keeper.keep(-packetId, EMPTY);
    }
    if (delivery.epoch === this.#epoch) this.#acknowledgements.send();
  };

  readonly #sendAcknowledgement = ({ packetId, qos, reasonCode }: Delivery): void => {
    if (!this.#isOnline) return;
    const told = this.#version === ProtocolVersion.V5 ? reasonCode : ReasonCode.Success;
    if (qos === 1) this.#sender.sendPuback(packetId, told);
    else this.#sender.sendPubrec(packetId, told);
    if (qos === 1 || told >= 0x80) this.receiver.acknowledged(1);
  };

  /** @throws {ProtocolError} */
  onPubrel(packetId: number): void {
    const isKnown = this.receiver.onPubrel(packetId);
    if (!isKnown) {
      this.#sender.sendPubcomp(packetId, ReasonCode.PacketIdentifierNotFound);
      return;
    }
    if (this.#pending.has(packetId)) throw new ProtocolError('expected PUBREL after PUBREC, got it before');
    const revision = this.#keeper.keep(-packetId, null);
    // The server reuses the identifier after PUBCOMP: it must not be taken for the old one after a crash.
    if (this.#keeper.isSafe(revision)) this.#complete(packetId);
    else this.#completions.push({ packetId, revision });
  }

  #complete(packetId: number): void {
    this.#sender.sendPubcomp(packetId, ReasonCode.Success);
    this.receiver.acknowledged(1);
  }

  /** The server has no session: the identifiers mean nothing any more. [MQTT-3.2.2-5] */
  #forgetSession(): void {
    for (const packetId of [...this.receiver.received]) {
      this.receiver.forget(packetId);
      this.#keeper.keep(-packetId, null);
    }
    for (const delivery of this.#pending.values()) delivery.epoch = -1;
    this.#pending.clear();
  }
}
