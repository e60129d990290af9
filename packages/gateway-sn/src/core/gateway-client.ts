/**
 * One client of the gateway: its state in the words of the specification (figure 4), and its one connection to the broker.
 *
 *   connecting ─CONNACK─▶ active ◀──CONNECT── asleep ◀──────────┐
 *       │                   │  │                │ PINGREQ(id)   │ PINGRESP
 *       │                   │  └DISCONNECT(s)──▶│               │
 *       ▼                   ▼                   ▼               │
 *   disconnected ◀──────DISCONNECT──────────── awake ───────────┘        lost: silent too long, from any but disconnected
 */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { AddressBudget } from './address-budget.ts';
import { Awake } from './awake.ts';
import type { ClientOwner } from './client-owner.ts';
import type { ClientState } from './client-state.ts';
import type { Connect, SnMessage, WillTopic } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import { ConnectExchange } from './connect-exchange.ts';
import { Delivery } from './delivery.ts';
import type { DeliveryOwner } from './delivery-owner.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { KeptSession } from './kept-session.ts';
import type { KnownTopics } from './known-topics.ts';
import type { PacketIds } from './packet-ids.ts';
import type { Peer } from './ports/link.ts';
import type { UpstreamHandler } from './ports/upstream.ts';
import { returnCodeFor } from './return-code-for.ts';
import { ServedMessages } from './served-messages.ts';
import { limitsOf } from './server-limits.ts';
import { Silence } from './silence.ts';
import { UpstreamLine } from './upstream-line.ts';
import { isWillTopic, WillUpdates } from './will-updates.ts';

/** Seconds that a session with CleanSession outlives its connection, so that a will can be changed by connecting again. */
const CLEAN_SESSION_SECONDS = 300;

export class GatewayClient implements ClientLine, DeliveryOwner, UpstreamHandler {
  readonly clientId: string;
  readonly budget: AddressBudget;
  readonly #context: GatewayContext;
  readonly #owner: ClientOwner<GatewayClient>;
  readonly #connect: ConnectExchange;
  readonly #session: KeptSession;
  readonly #delivery: Delivery;
  readonly #willUpdates: WillUpdates;
  readonly #served: ServedMessages;
  readonly #silence: Silence;
  readonly #upstream: UpstreamLine;
  readonly #awake: Awake;
  #peer: Peer;
  #state: ClientState = 'disconnected';
  /** It has left or was lost: nothing is done any more. */
  #isOver = false;
  /** Seconds; 0: not asleep. */
  #sleepDuration = 0;

  constructor(context: GatewayContext, owner: ClientOwner<GatewayClient>, clientId: string, peer: Peer) {
    this.#context = context;
    this.#owner = owner;
    this.clientId = clientId;
    this.#peer = peer;
    this.budget = new AddressBudget(peer, context.options.unvalidatedBytes);
    this.#connect = new ConnectExchange(context.options);
    this.#upstream = new UpstreamLine(context, this);
    this.#session = new KeptSession(context, this, (packet) => this.#upstream.send(packet));
    this.#delivery = new Delivery(context, this, this);
    this.#willUpdates = new WillUpdates(context, this, this.#session, () => this.#reconnect());
    this.#served = new ServedMessages(context, this, this.#session, this.#delivery, this.#willUpdates);
    this.#silence = new Silence(context, () => this.#onSilent());
    this.#awake = new Awake(context, this.#upstream, () => this.#sleepAgain(true));
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

  /** It was heard from another address that is believed to be its own, or from the same again. */
  moveTo(peer: Peer): void {
    if (peer.key !== this.#peer.key) this.packetIds.onMoved();
    this.budget.moveTo(peer);
    this.#peer = peer;
  }

  #become(state: ClientState): void {
    const before = this.#state;
    this.#state = state;
    this.#owner.onState(before, state);
  }

  // ---- CONNECT -------------------------------------------------------------------------------------------------------

  onConnect(connect: Connect): void {
    const again = this.#connect.answerAgain(connect, this.#state, this.#context.nowMs);
    if (again !== undefined) {
      this.#heard();
      if (again !== null) this.toClient(again);
      return;
    }
    const question = this.#connect.begin(connect);
    this.#delivery.pause();
    this.#awake.end();
    this.#sleepDuration = 0;
    this.#become('connecting');
    this.#heard();
    this.#goOn(question);
  }

  onWillTopic(will: WillTopic | null): void {
    if (this.#state !== 'connecting') this.#unexpected();
    else if (will !== null && !isWillTopic(will, this.#context)) this.#refuse(ReturnCode.NotSupported);
    else this.#goOn(this.#connect.onWillTopic(will));
  }

  onWillMessage(payload: Uint8Array): void {
    if (this.#state !== 'connecting') this.#unexpected();
    else this.#goOn(this.#connect.onWillMessage(payload));
  }

  /** @param question null: all is said; undefined: what came was not asked for */
  #goOn(question: SnMessage | null | undefined): void {
    if (question === undefined) this.toClient({ type: 'disconnect', duration: undefined });
    else if (question !== null) this.toClient(question);
    else if (!this.#connect.isAsked) this.#open();
  }

  /** Connects to the broker as the client has asked. */
  #open(): void {
    const { cleanSession, will } = this.#connect;
    this.#connect.onAsked();
    this.#willUpdates.clear();
    this.#upstream.close(false, ReasonCode.NormalDisconnection, !cleanSession);
    this.#session.begin(cleanSession);
    if (will !== undefined) this.#session.will = will;
    if (cleanSession) this.#delivery.clear();
    this.#connectUpstream(cleanSession);
  }

  /** On the same session, with what has changed of the will. */
  #reconnect(): void {
    this.#upstream.close(false, ReasonCode.NormalDisconnection, true);
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
    if (this.#state === 'connecting') {
      this.#context.metrics.connectsRefused++;
      this.toClient({ type: 'connack', returnCode });
    } else this.toClient({ type: 'disconnect', duration: undefined });
    this.#end(false);
  }

  // ---- from the broker -----------------------------------------------------------------------------------------------

  onPacket(packet: ServerPacket): void {
    if (this.#isOver) return;
    switch (packet.type) {
      case 'connack':
        this.#onConnack(packet);
        return;
      case 'publish':
        this.#awake.onMore();
        this.#delivery.onPublish(packet);
        return;
      case 'pubrel':
        this.#awake.onMore();
        this.#delivery.onPubrel(packet.packetId);
        return;
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#session.incoming.onAcknowledgement(packet);
        this.#delivery.proceed();
        return;
      case 'suback':
      case 'unsuback':
        this.#session.subscribing.onAnswer(packet);
        this.#session.rememberSoon();
        this.#delivery.proceed();
        return;
      case 'pingresp':
        this.#awake.onAnswer(this.#upstream.onAnswer(), this.#delivery.isEmpty);
        return;
      case 'disconnect':
        this.onClosed(packet.properties.reasonString ?? 'the broker has ended the connection');
        return;
      case 'auth':
        this.onClosed('the broker asked for AUTH');
        return;
    }
  }

  #onConnack(packet: ServerPacket & { readonly type: 'connack' }): void {
    const { reasonCode, sessionPresent } = packet;
    if (reasonCode >= 0x80) {
      const returnCode = returnCodeFor(reasonCode);
      if (this.#state === 'connecting' || !this.#willUpdates.onRefused(returnCode)) this.#refuse(returnCode);
      return;
    }
    this.#upstream.onConnected(packet);
    this.#session.incoming.limits = limitsOf(packet);
    if (this.#state === 'connecting') {
      this.#connect.onAccepted(this.#context.nowMs);
      if (!sessionPresent) this.#delivery.clear();
      this.#session.onAccepted(sessionPresent);
      this.#become('active');
      this.#heard();
      // Before anything else: clients take nothing before it.
      this.toClient({ type: 'connack', returnCode: ReturnCode.Accepted });
    } else if (!sessionPresent) {
      // A broker that forgets sessions at once: the client's subscriptions are gone, and it has to begin again.
      this.#refuse(ReturnCode.NotSupported);
      return;
    } else this.#willUpdates.onConnected();
    if (!this.#upstream.isConnected) return; // The will has changed again.
    if (sessionPresent) this.#session.onReconnected();
    this.#upstream.sendHeld();
    this.#awake.onReconnected(this.#delivery.isEmpty);
    if (this.#state === 'active') this.#delivery.resume();
  }

  /** The connection to the broker is over. A sleeper finds out when it wakes. */
  onClosed(_reason: string): void {
    if (this.#isOver) return;
    this.#upstream.onClosed();
    if (this.#state === 'connecting') {
      this.#refuse(ReturnCode.Congestion);
      return;
    }
    // It is to connect again: the specification's word for "I know nothing of you".
    if (this.#state !== 'asleep') this.toClient({ type: 'disconnect', duration: undefined });
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
    if (this.#state === 'connecting') this.#silence.beginHandshake();
    else this.#silence.begin(this.#sleepDuration > 0 ? this.#sleepDuration : this.#connect.duration);
  }

  onMessage(message: SnMessage): void {
    if (this.#isServed) this.#served.onMessage(message, this.budget);
    else this.#unexpected();
  }

  onPingreq(clientId: string | undefined): void {
    if (!this.#isServed) this.#unexpected();
    else if (clientId === undefined || this.#state === 'active') this.toClient({ type: 'pingresp' });
    else if (this.#state === 'asleep') {
      this.#become('awake');
      this.#awake.begin();
      this.#delivery.resume();
    }
  }

  onDisconnect(duration: number | undefined): void {
    const sleeps = duration !== undefined && duration > 0;
    this.toClient({ type: 'disconnect', duration: undefined });
    if (!sleeps || !this.#isServed) {
      this.#end(true);
      return;
    }
    this.#sleepDuration = Math.min(duration, this.#context.options.maximumSleep);
    this.#sleep();
  }

  /** Another connection has come with its client identifier: as in MQTT, its will is published, and it is told. */
  onTakenOver(): void {
    if (this.#state !== 'asleep') this.toClient({ type: 'disconnect', duration: undefined });
    this.#connect.forget();
    this.#upstream.close(false, ReasonCode.DisconnectWithWillMessage, true);
  }

  /** It has come back by CONNECT from an address from where a sleeper may wake. */
  onCameBack(): void {
    this.#connect.forget();
  }

  get #isServed(): boolean {
    return this.#state === 'active' || this.#state === 'asleep' || this.#state === 'awake';
  }

  /** It does not belong where it came. A late copy of a message is no reason to end anything. */
  #unexpected(): void {
    this.#context.metrics.unexpected++;
  }

  // ---- of its delivery -----------------------------------------------------------------------------------------------

  get topics(): KnownTopics {
    return this.#session.topics;
  }

  get packetIds(): PacketIds {
    return this.#session.packetIds;
  }

  toBroker(packet: ClientPacket): void {
    this.#awake.onAcknowledged();
    this.#upstream.send(packet);
  }

  awaitsBroker(topicName: string): boolean {
    const { incoming, subscribing } = this.#session;
    return subscribing.awaitsSuback || incoming.awaitsBroker(topicName);
  }

  onDrained(): void {
    this.#awake.onDrained();
  }

  /** Who is awake and has no room, or does not answer, sleeps: what was under way waits until it wakes again. */
  onStopped(reason: 'congested' | 'unanswered'): void {
    if (this.#state === 'awake') this.#sleepAgain(reason === 'congested');
  }

  #sleepAgain(tells: boolean): void {
    this.#sleep();
    if (tells) this.toClient({ type: 'pingresp' });
  }

  #sleep(): void {
    this.#become('asleep');
    this.#awake.end();
    this.#delivery.pause();
    this.#heard();
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------

  #onSilent(): void {
    if (this.#state !== 'connecting') this.#context.metrics.clientsLost++;
    else if (this.#connect.isAsked) {
      this.#refuse(ReturnCode.Congestion);
      return;
    } else this.#context.metrics.connectsAbandoned++;
    this.#end(false);
  }

  /** The gateway ends: a sleeper finds out when it wakes. */
  shutDown(): void {
    if (this.#state !== 'asleep') this.toClient({ type: 'disconnect', duration: undefined });
    this.#end(true);
  }

  /** @param goodbye its will is not to be published */
  #end(goodbye: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { cleanSession } = this.#connect;
    this.#silence.end();
    this.#awake.end();
    this.#delivery.clear();
    this.#delivery.pause();
    this.#session.end(!cleanSession);
    this.#upstream.close(
      cleanSession,
      goodbye ? ReasonCode.NormalDisconnection : ReasonCode.DisconnectWithWillMessage,
    );
    this.#become('disconnected');
    this.#owner.onGone(this);
  }
}
