/**
 * The client without I/O, clock, randomness and promises: bytes, commands and the time come in, packets and events go out.
 * The session is here and outlives connections; a connection is attached and dies.
 *
 *     attach ──▶ CONNECT … CONNACK ──▶ online ──▶ over ──▶ (attach again)
 *
 * Inputs change state at once; what is to be written collects in the connection's outbox until `turn`, which the host
 * calls once for all inputs of a round.
 */
import type {
  AuthPacket,
  ConnectPacket,
  DisconnectPacket,
  ServerPacketExceptPublish,
} from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { Connection } from './connection/connection.ts';
import type { ConnectionEnd } from './connection/connection-end.ts';
import type { ConnectionOwner, CoreTransport } from './connection/connection-owner.ts';
import type { ServerCapabilities } from './connection/server-capabilities.ts';
import { IncomingAliases, OutgoingAliases } from './connection/topic-aliases.ts';
import type { IncomingOwner } from './incoming/incoming.ts';
import { Incoming } from './incoming/incoming.ts';
import type { Message } from './incoming/message.ts';
import type { Unrouted } from './incoming/unrouted.ts';
import { Keeper } from './keeper.ts';
import { Outgoing } from './outgoing/outgoing.ts';
import type { OutgoingMessage } from './outgoing/outgoing-message.ts';
import { PublishWriter } from './outgoing/publish-writer.ts';
import { ClientError } from './ports/client-error.ts';
import type { CoreHost, CoreOptions } from './ports/core-host.ts';
import type { Quarantine } from './quarantine.ts';
import type { ServerSubscription } from './subscriptions/server-subscription.ts';
import type { DropReason, Subscriber, SubscriberOwner } from './subscriptions/subscriber.ts';
import type { RequestPacket } from './subscriptions/subscriptions.ts';
import { Subscriptions } from './subscriptions/subscriptions.ts';

export type { CoreOptions } from './ports/core-host.ts';

export class ClientCore implements ConnectionOwner, SubscriberOwner, IncomingOwner {
  readonly keeper: Keeper = new Keeper();
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
  readonly subscriptions: Subscriptions;
  /** Where messages wait that nobody has subscribed to; null in a session that only this process has had. */
  unrouted: Unrouted | null = null;
  /** Takes what no subscription asked for, and settles it. */
  #takeUnrouted: ((message: Message) => void) | null = null;
  /** How many wait for what the server sends, besides what `isIdle` knows of. */
  awaited = 0;
  readonly #options: CoreOptions;
  readonly #host: CoreHost;
  /** Null until a connection has ended with something unanswered. */
  #quarantine: Quarantine | null = null;
  /** Since when the connection is online. */
  #onlineMs = 0;
  #connection: Connection | null = null;
  /** Subscribers whose buffers are full. */
  #blockedCount = 0;
  readonly #nowMs = (): number => this.#host.nowMs();

  constructor(options: CoreOptions, host: CoreHost) {
    this.#options = options;
    this.#host = host;
    this.outgoing = new Outgoing(options.keeps, options.queue, host, () => this.mayAsk());
    this.subscriptions = new Subscriptions(this);
    this.incoming = new Incoming(this.keeper, this.subscriptions, this);
  }

  // ── what is so ──

  /** Null while offline. */
  get server(): ServerCapabilities | null {
    return this.#connection?.server ?? null;
  }

  /** When `tick` is to be called; Infinity for never. */
  get nextDeadlineMs(): number {
    const { nextDeadlineMs = Number.POSITIVE_INFINITY } = this.#connection ?? {};
    const dueMs = this.#quarantine?.dueMs ?? Number.POSITIVE_INFINITY;
    return Math.min(
      nextDeadlineMs,
      this.outgoing.queue.nextExpiryMs,
      this.unrouted?.untilMs ?? Number.POSITIVE_INFINITY,
      dueMs,
    );
  }

  /** Messages that wait for a subscription. */
  get unroutedCount(): number {
    return this.unrouted?.size ?? 0;
  }

  /** Everything that was to be sent has been, and has been answered. */
  get isIdle(): boolean {
    return this.outgoing.isIdle && this.subscriptions.requestCount === 0;
  }

  /** Whether nothing more is read; but an answer that a handler waits for, before it takes more, is behind in the stream. */
  get #isFull(): boolean {
    const hasToWait = this.#blockedCount > 0 || this.incoming.isFlooded;
    return hasToWait && this.server !== null && this.isIdle && this.awaited === 0;
  }

  // ── commands ──

  subscribeTo(subscriber: Subscriber): void {
    this.subscriptions.add(subscriber);
    this.unrouted?.claim(subscriber);
  }

  /** @param take takes what no subscription asked for, in place of waiting, and settles it; or null */
  takeUnrouted(take: ((message: Message) => void) | null): void {
    this.#takeUnrouted = take;
    if (take !== null) this.unrouted?.takeAll().forEach(take);
  }

  // ── the connection ──

  attach(transport: CoreTransport, connect: ConnectPacket): void {
    this.#connection = new Connection(transport, connect, this, this.#nowMs, this.#options.maximumPacketSize);
    this.#host.requestTurn();
  }

  receive(bytes: Uint8Array): void {
    this.#connection?.receive(bytes);
    this.#host.requestTurn();
  }

  onDrain(): void {
    this.#connection?.onDrain();
    this.#host.requestTurn();
  }

  /** The transport has closed by itself. @param byServer in order, rather than broken */
  onTransportClosed(error: ClientError, byServer: boolean): void {
    this.#connection?.end(byServer ? 'server' : 'network', error, true);
  }

  tick(nowMs: number): void {
    this.#connection?.tick(nowMs);
    this.#quarantine?.tick(nowMs);
    this.outgoing.expire(nowMs);
    this.unrouted?.tick(nowMs);
  }

  /** Asks the server for a sign of life within so many milliseconds: the network may have changed. */
  probe(withinMs: number): void {
    this.#connection?.probe(withinMs);
  }

  /** Hands everything written since the last turn to the transport. */
  turn(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.unrouted?.stepAside(this.incoming.held);
    this.subscriptions.send();
    this.outgoing.send();
    connection.outbox.flush();
    this.outgoing.onFlushed();
    if (this.#isFull) connection.pause();
    else connection.resume();
  }

  /** The server has proved itself. */
  accept(): void {
    this.#connection?.accept();
    this.#host.requestTurn();
  }

  send(packet: AuthPacket): void {
    this.#connection?.send(packet);
    this.#host.requestTurn();
  }

  /** Ends the connection from this side. */
  disconnect(reasonCode: ReasonCode, properties: DisconnectPacket['properties'], error: ClientError): void {
    this.turn();
    this.#connection?.disconnect({ type: 'disconnect', reasonCode, properties }, error);
  }

  // ── Connection tells ──

  get authentication(): CoreHost['authentication'] {
    return this.#host.authentication;
  }

  onOnline(server: ServerCapabilities): void {
    const connection = this.#connection!;
    const { version, mayResume } = connection;
    const aliasMaximum = Math.min(server.topicAliasMaximum, this.#options.outgoingTopicAliases); // [MQTT-3.2.2-17] [MQTT-3.2.2-18]
    const hasAliases = aliasMaximum > 0 && this.#quarantine?.avoidsAliases !== true;
    const aliases = hasAliases ? new OutgoingAliases(aliasMaximum) : null; // [MQTT-3.3.2-7]
    const writer = new PublishWriter(connection, server, aliases, this.#nowMs, this.outgoing.names);
    this.#onlineMs = this.#host.nowMs();
    if (this.#quarantine?.online(this.#onlineMs) === true) connection.probe();
    this.outgoing.records?.keepSession(server.clientId, true);
    this.incoming.online(
      mayResume,
      version,
      version === ProtocolVersion.V5 ? this.#options.receiveMaximum : 65_535,
      new IncomingAliases(this.#options.topicAliasMaximum),
    );
    this.unrouted?.online(mayResume);
    this.outgoing.online(writer, mayResume);
    // Behind it: what is asked for now has not been left behind by an earlier connection, and costs no quota.
    this.subscriptions.online(server.sessionPresent);
    this.outgoing.send();
    if (this.#isFull) connection.pause();
    this.#host.onOnline(server);
    this.#host.requestTurn();
  }

  onPublish(bytes: Uint8Array, start: number, body: number, end: number): void {
    this.incoming.onPublish(bytes, start, body, end);
  }

  onPacket(packet: ServerPacketExceptPublish): void {
    if (packet.type === 'pingresp') this.#quarantine?.onPingresp(this.#host.nowMs());
    else if (packet.type !== 'pubrel') {
      this.#quarantine?.onAnswered();
      this.outgoing.hasUnproven = false;
    }
    switch (packet.type) {
      case 'puback':
        this.outgoing.inFlight.onPuback(packet);
        return;
      case 'pubrec':
        this.outgoing.inFlight.onPubrec(packet);
        return;
      case 'pubrel':
        this.incoming.onPubrel(packet.packetId);
        return;
      case 'pubcomp':
        this.outgoing.inFlight.onPubcomp(packet);
        return;
      case 'suback':
      case 'unsuback':
        this.subscriptions.onAnswer(packet);
    }
  }

  onOver(end: ConnectionEnd, abrupt: boolean): void {
    this.#connection = null;
    const suspects = [...this.outgoing.suspects(), ...this.subscriptions.requested()];
    const isSure = !this.outgoing.hasUnproven;
    this.incoming.offline();
    this.unrouted?.forget();
    this.subscriptions.offline();
    this.outgoing.offline(); // The session goes on. [MQTT-3.1.2-23] [MQTT-4.1.0-1] [MQTT-4.1.0-1] 3.1.1
    if (end.wasOnline && end.by !== 'client') this.#judge(end, suspects, isSure);
    this.#host.onOver(end, abrupt);
  }

  /** Finds out whether one of them is why the connection ended, and sets it aside. */
  #judge(
    end: ConnectionEnd,
    suspects: readonly (OutgoingMessage | ServerSubscription)[],
    isSure: boolean,
  ): void {
    const { quarantineAttempts } = this.#options;
    const isInnocent = suspects.length === 0 && isSure && this.#quarantine === null;
    if (isInnocent || quarantineAttempts === Number.POSITIVE_INFINITY) return;
    const nowMs = this.#host.nowMs();
    this.#host.withQuarantine((Made) => {
      this.#quarantine ??= new Made(quarantineAttempts, this.#onlineMs);
      const culprit = this.#quarantine.onClosed(end, suspects, isSure, nowMs);
      if (culprit === undefined) return;
      const text = this.#quarantine.textOf(culprit);
      const error = new ClientError('QUARANTINED', text, end.error, end.error.reasonCode);
      if ('topicFilter' in culprit) this.subscriptions.refuse(culprit, culprit.subscribers, error);
      else this.outgoing.inFlight.giveUp(culprit, error);
      this.#host.onQuarantined(culprit, error);
    });
  }

  // ── Subscriptions ask ──

  request(packet: RequestPacket): number {
    const packetId = this.#packetIds.allocate(REQUEST_STATE, null); // [MQTT-2.2.1-3] [MQTT-2.3.1-2] 3.1.1
    if (packetId === 0) return 0;
    this.#connection!.send({ ...packet, packetId }); // [MQTT-3.3.4-8] [MQTT-4.9.0-3]
    this.#host.requestTurn();
    return packetId;
  }

  freePacketId(packetId: number): void {
    this.#packetIds.free(packetId);
  }

  mayAsk(): boolean {
    if (this.#quarantine === null) return true;
    return this.outgoing.inFlight.unanswered + this.subscriptions.requestCount < this.#quarantine.window;
  }

  /** How many packets that the server answers may be under way, so that it is known what it stumbles over. */
  get window(): number {
    return this.#quarantine?.window ?? Number.POSITIVE_INFINITY;
  }

  /** SUBSCRIBE and UNSUBSCRIBE share the packet identifiers of messages. */
  get #packetIds(): Outgoing['inFlight']['sender']['inFlight'] {
    return this.outgoing.inFlight.sender.inFlight;
  }

  // ── Subscribers tell ──

  get isHeldBack(): boolean {
    return this.#connection?.isPaused ?? false;
  }

  get mustLeave(): boolean {
    return this.#connection?.canPause !== true || this.incoming.isExcessive;
  }

  onBlocked(isBlocked: boolean): void {
    this.#blockedCount += isBlocked ? 1 : -1;
    if (this.#isFull) this.#connection?.pause();
    // What has arrived since is read in the turn: who tells it has a message in hand that comes first.
    else this.#host.requestTurn();
  }

  onDropped(message: Message, reason: DropReason, topicFilter?: string): void {
    this.#host.onDropped(message, reason, topicFilter);
  }

  // ── Incoming asks and tells ──

  sendAcknowledgement(type: 'puback' | 'pubrec' | 'pubcomp', packetId: number, reasonCode: ReasonCode): void {
    this.#connection?.sendAcknowledgement(type, packetId, reasonCode);
    this.#host.requestTurn();
  }

  requestTurn(): void {
    this.#host.requestTurn();
  }

  onUnrouted(message: Message): void {
    if (this.#takeUnrouted !== null) this.#takeUnrouted(message);
    else if (this.unrouted?.keeps(message, this.#host.nowMs()) !== true) {
      this.#host.onDropped(message, 'unrouted', undefined);
      message.acknowledge(); // [MQTT-4.5.0-2] [MQTT-4.5.0-2] 3.1.1
    }
  }

  onStalled(receiveMaximum: number): boolean {
    // Those that wait here will be acknowledged when they are taken.
    if (this.subscriptions.waitingCount + this.unroutedCount > 0) return false;
    const text = `expected an acknowledgement of at least one of ${receiveMaximum} messages, got none: no more can come`;
    this.#host.onWarning(new ClientError('STALLED', text));
    return true;
  }

  onExcess(receiveMaximum: number, isFirst: boolean): void {
    if (this.#isFull) this.#connection!.pause();
    if (!isFirst) return;
    const text = `expected at most ${receiveMaximum} messages unacknowledged, got more: what follows may have to wait`;
    const reasonCode = ReasonCode.ReceiveMaximumExceeded;
    this.#host.onWarning(new ClientError('PROTOCOL_BROKEN', text, undefined, reasonCode));
  }
}

/** In the table of packet identifiers: one of SUBSCRIBE or UNSUBSCRIBE. */
const REQUEST_STATE = 5;
