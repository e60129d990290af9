/**
 * One client of the gateway: its state in the words of the specification (figure 4), and its one connection to the broker.
 *
 *   connecting ─CONNACK─▶ active ◀──CONNECT── asleep ◀──────────┐
 *       │                   │  │                │ PINGREQ(id)   │ PINGRESP
 *       │                   │  └DISCONNECT(s)──▶│               │
 *       ▼                   ▼                   ▼               │
 *   disconnected ◀──────DISCONNECT──────────── awake ───────────┘        lost: silent too long, from any but disconnected
 */
import type { ClientPacket, Deadline, ServerPacket, Will } from '@martlet/protocol';
import { NO_PROPERTIES, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import type { Connect, Publish, Register, SnMessage, WillTopic } from '../codec/message.ts';
import { ReturnCode } from '../codec/return-code.ts';
import { Delivery } from './delivery.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { Incoming } from './incoming.ts';
import { KnownTopics } from './known-topics.ts';
import type { Peer } from './ports/link.ts';
import type { Upstream, UpstreamHandler } from './ports/upstream.ts';
import { returnCodeFor } from './return-code-for.ts';
import { Subscribing } from './subscribing.ts';
import { TopicIds } from './topic-ids.ts';
import { UpstreamIds } from './upstream-ids.ts';
import type { SnWill } from './will-handshake.ts';
import { WillHandshake } from './will-handshake.ts';

export type ClientState = 'connecting' | 'active' | 'asleep' | 'awake' | 'disconnected';

/** What a client asks of the gateway around it. */
export interface ClientOwner {
  /** @returns false if it may not be sent: see `ClientLine` */
  send(client: GatewayClient, message: SnMessage): boolean;
  /** It has left or was lost, and is no client any more. */
  onGone(client: GatewayClient): void;
}

/** Seconds that a session with CleanSession outlives its connection, so that a will can be changed by connecting again. */
const CLEAN_SESSION_SECONDS = 300;
/** Gateways of other makers hold with it: their clients take no other. */
const PROTOCOL_ID = 1;

export class GatewayClient implements ClientLine, UpstreamHandler {
  readonly clientId: string;
  readonly #context: GatewayContext;
  readonly #owner: ClientOwner;
  readonly #topics: KnownTopics;
  readonly #ids = new UpstreamIds();
  readonly #incoming: Incoming;
  readonly #delivery: Delivery;
  readonly #subscribing: Subscribing;
  readonly #silence: Deadline;
  readonly #ping: Deadline;
  #peer: Peer;
  #state: ClientState = 'disconnected';
  /** The last CONNECT. */
  #connect: Connect | null = null;
  #handshake: WillHandshake | null = null;
  #will: SnWill | null = null;
  #upstream: Upstream | null = null;
  /** CONNACK of the broker has come. */
  #connected = false;
  /** What waits for it; the client has few requests open, and the delivery one. */
  readonly #held: ClientPacket[] = [];
  /** Seconds; 0: not asleep. */
  #sleepDuration = 0;
  /** Everything has been given to a client that woke; the broker is asked whether it has more. */
  #asksForMore = false;
  /** The answer to WILLTOPICUPD or WILLMSGUPD that waits for the broker. */
  #willAnswer: 'willtopicresp' | 'willmsgresp' | null = null;
  /** What may be sent to its address: see `AddressBudget`. */
  bytesReceived = 0;
  bytesSent = 0;
  isValidated: boolean;

  constructor(context: GatewayContext, owner: ClientOwner, clientId: string, peer: Peer) {
    this.#context = context;
    this.#owner = owner;
    this.clientId = clientId;
    this.#peer = peer;
    this.isValidated = peer.trusted;
    const { options, predefined } = context;
    const ids = new TopicIds(options.topicsPerClient, predefined.highestId, context.random());
    this.#topics = new KnownTopics(clientId, predefined, ids);
    const toBroker = (packet: ClientPacket) => this.#toBroker(packet);
    this.#incoming = new Incoming(context, this, this.#ids, toBroker);
    this.#subscribing = new Subscribing(context, this, this.#topics, this.#ids, toBroker);
    this.#delivery = new Delivery(context, this, this.#topics, toBroker, () => this.#onDrained());
    this.#silence = { heapIndex: -1, onDue: () => this.#onSilent() };
    this.#ping = { heapIndex: -1, onDue: () => this.#onPing() };
  }

  get state(): ClientState {
    return this.#state;
  }

  get peer(): Peer {
    return this.#peer;
  }

  get maximumMessageBytes(): number {
    return this.#peer.maximumMessageBytes;
  }

  get bufferedMessages(): number {
    return this.#delivery.bufferedMessages;
  }

  toClient(message: SnMessage): boolean {
    return this.#owner.send(this, message);
  }

  /** It was heard from another address that is believed to be its own. */
  moveTo(peer: Peer): void {
    if (peer.key !== this.#peer.key) {
      this.isValidated = peer.trusted;
      this.bytesReceived = 0;
      this.bytesSent = 0;
    }
    this.#peer = peer;
  }

  // ---- CONNECT -------------------------------------------------------------------------------------------------------

  onConnect(connect: Connect): void {
    if (connect.protocolId !== PROTOCOL_ID) {
      this.toClient({ type: 'connack', returnCode: ReturnCode.NotSupported });
      if (this.#state === 'disconnected') this.#owner.onGone(this);
      return;
    }
    if (this.#repeats(connect)) return;
    this.#connect = connect;
    this.#handshake = connect.will ? new WillHandshake() : null;
    this.#heard();
    if (this.#state === 'asleep' || this.#state === 'awake') this.#delivery.pause();
    this.#state = 'connecting';
    if (this.#handshake === null) this.#open();
    else this.toClient(this.#handshake.question);
  }

  /** A CONNECT whose answer was lost is answered again, and changes nothing. */
  #repeats(connect: Connect): boolean {
    const last = this.#connect;
    const same =
      last !== null &&
      last.will === connect.will &&
      last.cleanSession === connect.cleanSession &&
      last.duration === connect.duration;
    if (!same) return false;
    if (this.#state === 'connecting') {
      if (this.#handshake !== null && !this.#handshake.isDone) this.toClient(this.#handshake.question);
      return true;
    }
    if (this.#state !== 'active' || this.#hasActed) return false;
    this.toClient({ type: 'connack', returnCode: ReturnCode.Accepted });
    return true;
  }

  /** Since CONNACK the client has sent something: it has got it. */
  #hasActed = false;

  onWillTopic(will: WillTopic | null): void {
    if (this.#handshake === null || this.#state !== 'connecting') {
      this.#unexpected();
      return;
    }
    this.#handshake.onWillTopic(will);
    this.#goOn(this.#handshake);
  }

  onWillMessage(payload: Uint8Array): void {
    if (this.#handshake === null || this.#state !== 'connecting' || !this.#handshake.onWillMessage(payload)) {
      this.#unexpected();
      return;
    }
    this.#goOn(this.#handshake);
  }

  #goOn(handshake: WillHandshake): void {
    if (handshake.isDone) {
      if (this.#upstream === null || this.#connected) this.#open();
    } else this.toClient(handshake.question);
  }

  /** Connects to the broker as the client has asked. */
  #open(): void {
    const { cleanSession } = this.#connect!;
    this.#closeUpstream(false);
    if (cleanSession) {
      this.#context.memory.forget(this.clientId);
      this.#topics.clear();
      this.#incoming.clear();
      this.#subscribing.clear();
      this.#will = null;
    } else if (this.#topics.ids.size === 0 && this.#will === null) this.#recall();
    this.#topics.ids.doubtAll();
    if (this.#handshake !== null) this.#will = this.#handshake.will;
    this.#delivery.clear();
    this.#connectUpstream(cleanSession);
  }

  #recall(): void {
    const remembered = this.#context.memory.load(this.clientId);
    if (remembered === undefined) return;
    this.#topics.ids.restore(remembered.topicIds);
    this.#will = remembered.will;
  }

  #remember(): void {
    if (this.#connect?.cleanSession !== false) return;
    this.#context.memory.save(this.clientId, { topicIds: this.#topics.ids.entries(), will: this.#will });
  }

  #connectUpstream(cleanStart: boolean): void {
    const upstream = this.#context.upstreams.open(this.#peer, this);
    if (upstream === null) {
      this.#refuse(ReturnCode.Congestion);
      return;
    }
    this.#upstream = upstream;
    this.#connected = false;
    this.#held.length = 0;
    const { keepAlive } = this.#context.upstreams;
    const sessionExpiryInterval = this.#connect!.cleanSession
      ? CLEAN_SESSION_SECONDS
      : this.#context.options.sessionExpiryInterval;
    upstream.send({
      type: 'connect',
      protocolVersion: ProtocolVersion.V5,
      clientId: this.clientId,
      cleanStart,
      keepAlive,
      ...(this.#will !== null && { will: willOf(this.#will) }),
      // One at a time: all others wait in the session, which the broker keeps.
      properties: { sessionExpiryInterval, receiveMaximum: 1 },
    });
    if (keepAlive > 0) this.#context.deadlines.set(this.#ping, this.#context.nowMs + keepAlive * 1000);
  }

  #refuse(returnCode: number): void {
    this.#context.metrics.connectsRefused++;
    this.toClient({ type: 'connack', returnCode });
    this.#end(false);
  }

  // ---- from the broker -----------------------------------------------------------------------------------------------

  onPacket(packet: ServerPacket): void {
    switch (packet.type) {
      case 'connack':
        this.#onConnack(packet.reasonCode, packet.sessionPresent);
        return;
      case 'publish':
        this.#asksForMore = false;
        this.#delivery.onPublish(packet);
        return;
      case 'pubrel':
        this.#delivery.onPubrel(packet.packetId);
        return;
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#incoming.onAcknowledgement(packet);
        return;
      case 'suback':
      case 'unsuback':
        if (this.#subscribing.onAnswer(packet)) this.#remember();
        return;
      case 'pingresp':
        this.#onPingresp();
        return;
      case 'disconnect':
      case 'auth':
        this.onClosed(
          packet.type === 'disconnect' ? (packet.properties.reasonString ?? '') : 'asked for AUTH',
        );
        return;
    }
  }

  #onConnack(reasonCode: ReasonCode, sessionPresent: boolean): void {
    if (reasonCode >= 0x80) {
      this.#refuse(returnCodeFor(reasonCode));
      return;
    }
    this.#connected = true;
    if (this.#state === 'connecting') {
      this.#state = 'active';
      this.#sleepDuration = 0;
      this.#hasActed = false;
      if (!sessionPresent) {
        this.#incoming.clear();
        this.#subscribing.clear();
      }
      this.#remember();
      // Before anything else: clients take nothing before it.
      this.toClient({ type: 'connack', returnCode: ReturnCode.Accepted });
    } else {
      const answer = this.#willAnswer;
      this.#willAnswer = null;
      if (answer !== null) this.toClient({ type: answer, returnCode: ReturnCode.Accepted });
    }
    if (sessionPresent) {
      this.#incoming.onReconnected();
      this.#subscribing.onReconnected();
    }
    for (const packet of this.#held.splice(0)) this.#upstream?.send(packet);
    if (this.#state === 'active') this.#delivery.resume();
  }

  onClosed(_reason: string): void {
    this.#upstream = null;
    if (this.#state === 'connecting') {
      this.#refuse(ReturnCode.Congestion);
      return;
    }
    // It is to connect again: the specification's word for "I know nothing of you".
    this.toClient({ type: 'disconnect', duration: undefined });
    this.#end(false);
  }

  #toBroker(packet: ClientPacket): void {
    if (this.#upstream === null) return;
    if (this.#connected) this.#upstream.send(packet);
    // What the broker sent on the connection before, it sends again on this one, under the same packet identifier.
    else this.#held.push(packet);
  }

  // ---- from the client -----------------------------------------------------------------------------------------------

  /** Anything that came from it, before it is handled. */
  onHeard(): void {
    this.#hasActed = true;
    this.#heard();
    this.#delivery.onHeard();
  }

  #heard(): void {
    const seconds = this.#sleepDuration > 0 ? this.#sleepDuration : (this.#connect?.duration ?? 0);
    const { tolerance, silentMs } = this.#context.options;
    const ms = seconds === 0 ? silentMs : seconds * 1000 * tolerance;
    this.#context.deadlines.set(this.#silence, this.#context.nowMs + ms);
  }

  onRegister({ packetId, topicName }: Register, isValid: boolean): void {
    if (!this.#isServed) {
      this.#unexpected();
      return;
    }
    if (!isValid) {
      this.toClient({ type: 'regack', topicId: 0, packetId, returnCode: ReturnCode.NotSupported });
      return;
    }
    const topicId = this.#topics.idOf(topicName);
    this.#topics.confirm(topicName);
    this.#remember();
    this.toClient({ type: 'regack', topicId, packetId, returnCode: ReturnCode.Accepted });
  }

  /** A sleeper may publish without waking (it stays asleep). */
  onPublish(message: Publish): void {
    if (!this.#isServed) this.#unexpected();
    else this.#incoming.onPublish(message, this.#topics.nameOf(message.topic));
  }

  onMessage(message: SnMessage): void {
    if (!this.#isServed) {
      this.#unexpected();
      return;
    }
    switch (message.type) {
      case 'pubrel':
        this.#incoming.onPubrel(message.packetId);
        return;
      case 'subscribe':
        this.#subscribing.onSubscribe(message);
        return;
      case 'unsubscribe':
        this.#subscribing.onUnsubscribe(message);
        return;
      case 'regack':
        this.#validate(message.packetId);
        this.#delivery.onRegack(message.packetId, message.returnCode);
        this.#remember();
        return;
      case 'puback':
        this.#onPuback(message.topicId, message.packetId, message.returnCode);
        return;
      case 'pubrec':
        this.#validate(message.packetId);
        this.#delivery.onPubrec(message.packetId);
        return;
      case 'pubcomp':
        this.#validate(message.packetId);
        this.#delivery.onPubcomp(message.packetId);
        return;
      case 'willtopicupd':
        this.#onWillTopicUpd(message.will);
        return;
      case 'willmsgupd':
        this.#onWillMsgUpd(message.payload);
        return;
      default:
        this.#context.metrics.malformed++;
    }
  }

  /** Only who gets what is sent to the address can know the packet identifier. */
  #validate(packetId: number): void {
    if (this.#delivery.isAwaited(packetId)) this.isValidated = true;
  }

  #onPuback(topicId: number, packetId: number, returnCode: number): void {
    if (packetId !== 0) {
      this.#validate(packetId);
      this.#delivery.onPuback(packetId, returnCode);
      return;
    }
    const topicName = this.#topics.ids.topicName(topicId);
    if (returnCode === ReturnCode.InvalidTopicId && topicName !== undefined) {
      this.#delivery.onUnknownTopic(topicName);
    }
  }

  onPingreq(clientId: string | undefined): void {
    if (clientId === undefined || this.#state === 'active') {
      this.toClient({ type: 'pingresp' });
      return;
    }
    if (this.#state !== 'asleep') return;
    this.#state = 'awake';
    this.#asksForMore = false;
    this.#delivery.resume();
  }

  onDisconnect(duration: number | undefined): void {
    if (duration === undefined || duration === 0) {
      this.toClient({ type: 'disconnect', duration: undefined });
      this.#end(true);
      return;
    }
    if (!this.#isServed) {
      this.#unexpected();
      return;
    }
    this.#sleepDuration = Math.min(duration, this.#context.options.maximumSleep);
    this.#state = 'asleep';
    this.#asksForMore = false;
    this.#delivery.pause();
    this.#heard();
    this.toClient({ type: 'disconnect', duration: undefined });
  }

  /** Another connection has come with its client identifier. */
  onTakenOver(): void {
    this.toClient({ type: 'disconnect', duration: undefined });
  }

  get #isServed(): boolean {
    return this.#state === 'active' || this.#state === 'asleep' || this.#state === 'awake';
  }

  /** It does not belong where it came: the client begins again. */
  #unexpected(): void {
    this.toClient({ type: 'disconnect', duration: undefined });
  }

  // ---- awake ---------------------------------------------------------------------------------------------------------

  #onDrained(): void {
    if (this.#state !== 'awake' || this.#asksForMore) return;
    // The broker may have more that waits for the acknowledgement it has just got. What comes before its answer is more.
    this.#asksForMore = true;
    this.#toBroker({ type: 'pingreq' });
  }

  #onPingresp(): void {
    if (this.#state !== 'awake' || !this.#asksForMore || !this.#delivery.isEmpty) return;
    this.#asksForMore = false;
    this.#state = 'asleep';
    this.#delivery.pause();
    this.#heard();
    this.toClient({ type: 'pingresp' });
  }

  // ---- the will ------------------------------------------------------------------------------------------------------

  #onWillTopicUpd(will: WillTopic | null): void {
    // Without a topic, topic and message are deleted (section 5.4.22).
    this.#will = will === null ? null : { topic: will, payload: this.#will?.payload ?? new Uint8Array(0) };
    this.#changeWill('willtopicresp');
  }

  #onWillMsgUpd(payload: Uint8Array): void {
    if (this.#will === null) {
      this.toClient({ type: 'willmsgresp', returnCode: ReturnCode.NotSupported });
      return;
    }
    this.#will = { topic: this.#will.topic, payload: payload.slice() };
    this.#changeWill('willmsgresp');
  }

  /** MQTT states a will at CONNECT: the gateway connects again, on the same session. */
  #changeWill(answer: 'willtopicresp' | 'willmsgresp'): void {
    this.#willAnswer = answer;
    this.#closeUpstream(false);
    this.#delivery.clear();
    this.#connectUpstream(false);
    this.#remember();
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------

  #onSilent(): void {
    this.#context.metrics.clientsLost++;
    this.#end(false, ReasonCode.DisconnectWithWillMessage);
  }

  #onPing(): void {
    const { keepAlive } = this.#context.upstreams;
    if (this.#upstream === null) return;
    if (this.#connected) this.#upstream.send({ type: 'pingreq' });
    this.#context.deadlines.set(this.#ping, this.#context.nowMs + keepAlive * 1000);
  }

  /** The gateway ends: a sleeper finds out when it wakes. */
  shutDown(): void {
    this.toClient({ type: 'disconnect', duration: undefined });
    this.#end(false, ReasonCode.NormalDisconnection);
  }

  #end(goodbye: boolean, reasonCode: ReasonCode = ReasonCode.DisconnectWithWillMessage): void {
    this.#context.deadlines.clear(this.#silence);
    this.#context.deadlines.clear(this.#ping);
    this.#delivery.pause();
    this.#delivery.clear();
    this.#closeUpstream(
      this.#connect?.cleanSession === true,
      goodbye ? ReasonCode.NormalDisconnection : reasonCode,
    );
    this.#state = 'disconnected';
    this.#owner.onGone(this);
  }

  #closeUpstream(endsSession: boolean, reasonCode: ReasonCode = ReasonCode.NormalDisconnection): void {
    const upstream = this.#upstream;
    if (upstream === null) return;
    this.#upstream = null;
    this.#context.deadlines.clear(this.#ping);
    if (this.#connected) {
      const properties = endsSession ? { sessionExpiryInterval: 0 } : NO_PROPERTIES;
      upstream.send({ type: 'disconnect', reasonCode, properties });
    }
    this.#connected = false;
    upstream.close();
  }
}

function willOf({ topic, payload }: SnWill): Will {
  return { ...topic, payload, properties: NO_PROPERTIES };
}
