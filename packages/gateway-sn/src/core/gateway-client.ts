/**
 * One client of the gateway: its state in the words of the specification (figure 4), and its one connection to the broker.
 *
 *   connecting ─CONNACK─▶ active ◀──CONNECT── asleep ◀──────────┐
 *       │                   │  │                │ PINGREQ(id)   │ PINGRESP
 *       │                   │  └DISCONNECT(s)──▶│               │
 *       ▼                   ▼                   ▼               │
 *   disconnected ◀──────DISCONNECT──────────── awake ───────────┘        lost: silent too long, from any but disconnected
 */
import type { ClientPacket, Deadline, ServerPacket } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { AddressBudget } from './address-budget.ts';
import type { ClientState } from './client-state.ts';
import type { Connect, Publish, Register, SnMessage, WillTopic } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import { ConnectExchange } from './connect-exchange.ts';
import { Delivery } from './delivery.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { KeptSession } from './kept-session.ts';
import type { Peer } from './ports/link.ts';
import type { UpstreamHandler } from './ports/upstream.ts';
import { returnCodeFor } from './return-code-for.ts';
import { UpstreamLine } from './upstream-line.ts';
import { WillUpdates } from './will-updates.ts';

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
  readonly budget: AddressBudget;
  readonly #context: GatewayContext;
  readonly #owner: ClientOwner;
  readonly #connect = new ConnectExchange();
  readonly #session: KeptSession;
  readonly #delivery: Delivery;
  readonly #willUpdates: WillUpdates;
  readonly #silence: Deadline;
  readonly #upstream: UpstreamLine;
  #peer: Peer;
  #state: ClientState = 'disconnected';
  /** Seconds; 0: not asleep. */
  #sleepDuration = 0;
  /** Everything has been given to a client that woke; the broker is asked whether it has more. */
  #asksForMore = false;

  constructor(context: GatewayContext, owner: ClientOwner, clientId: string, peer: Peer) {
    this.#context = context;
    this.#owner = owner;
    this.clientId = clientId;
    this.#peer = peer;
    this.budget = new AddressBudget(peer, context.options.unvalidatedBytes);
    const toBroker = (packet: ClientPacket) => this.#upstream.send(packet);
    this.#session = new KeptSession(context, this, toBroker);
    this.#delivery = new Delivery(context, this, this.#session.topics, toBroker, () => this.#onDrained());
    this.#willUpdates = new WillUpdates(this, this.#session, () => this.#reconnect());
    this.#silence = { heapIndex: -1, onDue: () => this.#onSilent() };
    this.#upstream = new UpstreamLine(context, this);
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
    this.budget.moveTo(peer);
    this.#peer = peer;
  }

  // ---- CONNECT -------------------------------------------------------------------------------------------------------

  onConnect(connect: Connect): void {
    if (connect.protocolId !== PROTOCOL_ID) {
      this.toClient({ type: 'connack', returnCode: ReturnCode.NotSupported });
      if (this.#state === 'disconnected') this.#owner.onGone(this);
      return;
    }
    const again = this.#connect.answerAgain(connect, this.#state);
    if (again !== undefined) {
      if (again !== null) this.toClient(again);
      return;
    }
    const question = this.#connect.begin(connect);
    this.#heard();
    if (this.#state === 'asleep' || this.#state === 'awake') this.#delivery.pause();
    this.#state = 'connecting';
    this.#goOn(question);
  }

  onWillTopic(will: WillTopic | null): void {
    this.#goOn(this.#state === 'connecting' ? this.#connect.onWillTopic(will) : undefined);
  }

  onWillMessage(payload: Uint8Array): void {
    this.#goOn(this.#state === 'connecting' ? this.#connect.onWillMessage(payload) : undefined);
  }

  /** @param question null: all is said; undefined: what came was not asked for */
  #goOn(question: SnMessage | null | undefined): void {
    if (question === undefined) this.#unexpected();
    else if (question !== null) this.toClient(question);
    else if (!this.#upstream.isOpen || this.#upstream.isConnected) this.#open();
  }

  /** Connects to the broker as the client has asked. */
  #open(): void {
    const { cleanSession, will } = this.#connect;
    this.#upstream.close(false);
    this.#session.begin(cleanSession);
    if (will !== undefined) this.#session.will = will;
    this.#delivery.clear();
    this.#connectUpstream(cleanSession);
  }

  /** On the same session, with what has changed of the will. */
  #reconnect(): void {
    this.#upstream.close(false);
    this.#delivery.clear();
    this.#connectUpstream(false);
  }

  #connectUpstream(cleanStart: boolean): void {
    const { clientId } = this;
    const sessionExpiryInterval = this.#connect.cleanSession
      ? CLEAN_SESSION_SECONDS
      : this.#context.options.sessionExpiryInterval;
    const { will } = this.#session;
    const isOpen = this.#upstream.open(this.#peer, { clientId, cleanStart, sessionExpiryInterval, will });
    if (!isOpen) this.#refuse(ReturnCode.Congestion);
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
        this.#session.incoming.onAcknowledgement(packet);
        return;
      case 'suback':
      case 'unsuback':
        if (this.#session.subscribing.onAnswer(packet)) this.#session.remember();
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
    this.#upstream.onConnected();
    if (this.#state === 'connecting') {
      this.#state = 'active';
      this.#sleepDuration = 0;
      this.#connect.onAccepted();
      if (!sessionPresent) this.#session.clearExchanges();
      this.#session.remember();
      // Before anything else: clients take nothing before it.
      this.toClient({ type: 'connack', returnCode: ReturnCode.Accepted });
    } else this.#willUpdates.onConnected();
    if (sessionPresent) this.#session.onReconnected();
    this.#upstream.sendHeld();
    if (this.#state === 'active') this.#delivery.resume();
  }

  onClosed(_reason: string): void {
    this.#upstream.onClosed();
    if (this.#state === 'connecting') {
      this.#refuse(ReturnCode.Congestion);
      return;
    }
    // It is to connect again: the specification's word for "I know nothing of you".
    this.toClient({ type: 'disconnect', duration: undefined });
    this.#end(false);
  }

  // ---- from the client -----------------------------------------------------------------------------------------------

  /** Anything that came from it, before it is handled. */
  onHeard(): void {
    this.#connect.onHeard();
    this.#heard();
    this.#delivery.onHeard();
  }

  #heard(): void {
    const seconds = this.#sleepDuration > 0 ? this.#sleepDuration : this.#connect.duration;
    const { tolerance, silentMs } = this.#context.options;
    const ms = seconds === 0 ? silentMs : seconds * 1000 * tolerance;
    this.#context.deadlines.set(this.#silence, this.#context.nowMs + ms);
  }

  onRegister(message: Register, isValid: boolean): void {
    if (this.#isServed) this.toClient(this.#session.register(message, isValid));
    else this.#unexpected();
  }

  /** A sleeper may publish without waking (it stays asleep). */
  onPublish(message: Publish): void {
    if (!this.#isServed) this.#unexpected();
    else this.#session.incoming.onPublish(message, this.#session.topics.nameOf(message.topic));
  }

  onMessage(message: SnMessage): void {
    if (!this.#isServed) {
      this.#unexpected();
      return;
    }
    switch (message.type) {
      case 'pubrel':
        this.#session.incoming.onPubrel(message.packetId);
        return;
      case 'subscribe':
        this.#session.subscribing.onSubscribe(message);
        return;
      case 'unsubscribe':
        this.#session.subscribing.onUnsubscribe(message);
        return;
      case 'regack':
        this.#validate(message.packetId);
        this.#delivery.onRegack(message.packetId, message.returnCode);
        this.#session.remember();
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
        this.#willUpdates.onTopic(message.will);
        return;
      case 'willmsgupd':
        this.#willUpdates.onMessage(message.payload);
        return;
      default:
        this.#context.metrics.malformed++;
    }
  }

  /** Only who gets what is sent to the address can know the packet identifier. */
  #validate(packetId: number): void {
    if (this.#delivery.isAwaited(packetId)) this.budget.validate();
  }

  #onPuback(topicId: number, packetId: number, returnCode: number): void {
    if (packetId !== 0) {
      this.#validate(packetId);
      this.#delivery.onPuback(packetId, returnCode);
      return;
    }
    const topicName = this.#session.topics.ids.topicName(topicId);
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
    this.#upstream.send({ type: 'pingreq' });
  }

  #onPingresp(): void {
    if (this.#state !== 'awake' || !this.#asksForMore || !this.#delivery.isEmpty) return;
    this.#asksForMore = false;
    this.#state = 'asleep';
    this.#delivery.pause();
    this.#heard();
    this.toClient({ type: 'pingresp' });
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------

  #onSilent(): void {
    this.#context.metrics.clientsLost++;
    this.#end(false, ReasonCode.DisconnectWithWillMessage);
  }

  /** The gateway ends: a sleeper finds out when it wakes. */
  shutDown(): void {
    this.toClient({ type: 'disconnect', duration: undefined });
    this.#end(false, ReasonCode.NormalDisconnection);
  }

  #end(goodbye: boolean, reasonCode: ReasonCode = ReasonCode.DisconnectWithWillMessage): void {
    this.#context.deadlines.clear(this.#silence);
    this.#delivery.pause();
    this.#delivery.clear();
    this.#upstream.close(this.#connect.cleanSession, goodbye ? ReasonCode.NormalDisconnection : reasonCode);
    this.#state = 'disconnected';
    this.#owner.onGone(this);
  }
}
