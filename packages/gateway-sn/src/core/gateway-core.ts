/**
 * The gateway without sockets, clocks and promises: datagrams and packets of the broker come in, and go out.
 *
 * It knows who is behind which address, answers who is nobody within bounds, and gives each client what came from it. What
 * is defended against, and how, is in docs/guides/mqtt-sn.md: an address can be forged, and whatever is answered to it hits somebody.
 */
import { Deadlines, utf8ByteLength } from '@martlet/protocol';
import type { ClientOwner } from './client-owner.ts';
import type { ClientState } from './client-state.ts';
import type { DecodeOptions } from './codec/decode-message.ts';
import { decodeMessage } from './codec/decode-message.ts';
import { encodeMessage } from './codec/encode-message.ts';
import type { Connect, Publish, SnMessage } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import { Discovery } from './discovery.ts';
import { GatewayClient } from './gateway-client.ts';
import type { GatewayContext } from './gateway-context.ts';
import { GatewayMetrics } from './gateway-metrics.ts';
import { resolveGatewayOptions } from './gateway-options.ts';
import type { AddressPolicy, ClientChange, GatewayChanges, GatewayParts } from './gateway-parts.ts';
import { acceptanceOf, allowsAddress } from './gateway-parts.ts';
import type { Peer } from './ports/link.ts';
import { PredefinedTopics } from './predefined-topics.ts';
import { StrangerAnswers } from './stranger-answers.ts';
import { TokenBucket } from './token-bucket.ts';
import { UnconnectedPublisher } from './unconnected-publisher.ts';

/** Of MQTT-SN 1.2; other versions speak another protocol. */
const PROTOCOL_ID = 1;
/** At once; the rest of what is due comes in the next call of `tick`. */
const DEADLINES_AT_ONCE = 10_000;

export class GatewayCore implements ClientOwner<GatewayClient> {
  readonly metrics: GatewayMetrics;
  readonly #parts: GatewayParts;
  readonly #context: GatewayContext;
  readonly #decodeOptions: DecodeOptions;
  readonly #strangers: StrangerAnswers;
  #unconnected: UnconnectedPublisher | null;
  #acceptsClient: (clientId: string, peer: Peer) => boolean;
  #takeover: AddressPolicy;
  #wakeFrom: AddressPolicy;
  readonly #byKey = new Map<string, GatewayClient>();
  readonly #byId = new Map<string, GatewayClient>();
  readonly #perHost = new Map<string, number>();
  readonly #rates = new Map<string, TokenBucket>();
  readonly #states = { connecting: 0, active: 0, asleep: 0, awake: 0, disconnected: 0 };
  readonly #discovery: Discovery | null;

  /** @throws {TypeError | RangeError} for an option that cannot be */
  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.metrics = new GatewayMetrics();
    this.#context = {
      options: resolveGatewayOptions(parts.options),
      deadlines: new Deadlines(),
      metrics: this.metrics,
      predefined: new PredefinedTopics(parts.predefinedTopics ?? []),
      upstreams: parts.upstreams,
      memory: parts.memory,
      random: parts.random,
      nowMs: parts.nowMs,
    };
    this.#decodeOptions = { longTopics: parts.longTopics === true };
    this.#strangers = new StrangerAnswers(this.#context.options.answersPerSecond);
    this.#unconnected = this.#unconnectedOf(parts);
    this.#acceptsClient = acceptanceOf(parts);
    this.#takeover = parts.takeover ?? 'any';
    this.#wakeFrom = parts.wakeFrom ?? 'same-host';
    const { gatewayId = 1, link } = parts;
    this.#discovery =
      parts.discoverable === true ? new Discovery(this.#context, link, this.#strangers, gatewayId) : null;
  }

  #unconnectedOf({ unconnected }: GatewayChanges): UnconnectedPublisher | null {
    return unconnected === undefined ? null : new UnconnectedPublisher(this.#context, unconnected);
  }

  // ---- state ---------------------------------------------------------------------------------------------------------

  get clients(): number {
    return this.#byId.size;
  }

  /** How many there are in each state. */
  get states(): Readonly<Record<ClientState, number>> {
    return { ...this.#states };
  }

  /** Messages that wait for clients here; those of QoS 1 and 2 wait in the broker's sessions. */
  get bufferedMessages(): number {
    let messages = 0;
    for (const client of this.#byId.values()) messages += client.bufferedMessages;
    return messages;
  }

  stateOf(clientId: string): ClientState | undefined {
    return this.#byId.get(clientId)?.state;
  }

  /** When `tick` is to be called, on the monotonic clock; Infinity if nothing is due. */
  get nextDeadlineMs(): number {
    return this.#context.deadlines.nextMs();
  }

  // ---- inputs --------------------------------------------------------------------------------------------------------

  /**
   * One datagram, without the encapsulation of a forwarder. It is valid during this call only.
   * @param toAll it came to the group: only SEARCHGW is taken
   */
  receive(peer: Peer, datagram: Uint8Array, nowMs: number, toAll = false): void {
    this.#context.nowMs = nowMs;
    this.metrics.datagramsReceived++;
    this.metrics.bytesReceived += datagram.length;
    const client = this.#byKey.get(peer.key);
    if (client !== undefined && !this.#withinRate(client)) {
      this.metrics.rateExceeded++;
      return;
    }
    const message = decodeMessage(datagram, 0, this.#decodeOptions);
    if (message.type === 'malformed') {
      this.metrics.malformed++;
      return;
    }
    if (toAll && message.type !== 'searchgw') return;
    if (client !== undefined) {
      client.budget.received(datagram.length);
      client.moveTo(peer);
    }
    this.#onMessage(peer, message, client, datagram.length);
  }

  /** To be called when `nextDeadlineMs` has come, and before every packet of the broker. */
  tick(nowMs: number): void {
    this.#context.nowMs = nowMs;
    this.#context.deadlines.run(nowMs, DEADLINES_AT_ONCE);
  }

  /**
   * Goes over to other values, for everything that happens from now on; what is left out is as if it had never been given. Nobody is
   * disconnected.
   * @throws {TypeError | RangeError} for what cannot be; nothing has changed then
   */
  reconfigure(changes: GatewayChanges, nowMs: number): void {
    this.#context.nowMs = nowMs;
    const options = resolveGatewayOptions(changes.options);
    this.#context.predefined.become(new PredefinedTopics(changes.predefinedTopics ?? []));
    this.#context.options = options;
    this.#strangers.answersPerSecond = options.answersPerSecond;
    this.#rates.clear();
    this.#acceptsClient = acceptanceOf(changes);
    this.#takeover = changes.takeover ?? 'any';
    this.#wakeFrom = changes.wakeFrom ?? 'same-host';
    this.#unconnected?.shutDown();
    this.#unconnected = this.#unconnectedOf(changes);
  }

  /** Tells everyone that the gateway goes; nothing may be put in after it. */
  shutDown(nowMs: number): void {
    this.#context.nowMs = nowMs;
    for (const client of [...this.#byId.values()]) client.shutDown();
    this.#unconnected?.shutDown();
    this.#discovery?.stop();
  }

  #withinRate(client: GatewayClient): boolean {
    let bucket = this.#rates.get(client.clientId);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#context.options.datagramsPerSecond, this.#context.nowMs);
      this.#rates.set(client.clientId, bucket);
    }
    return bucket.take(this.#context.nowMs);
  }

  #onMessage(peer: Peer, message: SnMessage, client: GatewayClient | undefined, bytes: number): void {
    switch (message.type) {
      case 'searchgw':
        this.#discovery?.onSearch(peer, message.radius);
        return;
      case 'connect':
        this.#onConnect(peer, message, client, bytes);
        return;
      case 'publish':
        if (message.qos === -1) this.#onUnconnected(peer, message);
        else if (client === undefined) this.#onStranger(peer);
        else this.#serve(client, (own) => own.onMessage(message));
        return;
      case 'pingreq':
        this.#onPingreq(peer, message.clientId, client, bytes);
        return;
      // Of other gateways, or for clients: a gateway that answered would keep two of them busy for ever.
      case 'advertise':
      case 'gwinfo':
      case 'connack':
      case 'willtopicreq':
      case 'willmsgreq':
      case 'suback':
      case 'unsuback':
      case 'pingresp':
      case 'willtopicresp':
      case 'willmsgresp':
        this.metrics.strangers++;
        return;
      default:
        if (client === undefined) this.#onStranger(peer);
        else this.#serve(client, (own) => this.#give(own, message));
    }
  }

  #give(client: GatewayClient, message: SnMessage): void {
    switch (message.type) {
      case 'willtopic':
        client.onWillTopic(message.will);
        return;
      case 'willmsg':
        client.onWillMessage(message.payload);
        return;
      case 'disconnect':
        client.onDisconnect(message.duration);
        return;
      default:
        client.onMessage(message);
    }
  }

  #serve(client: GatewayClient, handle: (client: GatewayClient) => void): void {
    client.onHeard();
    handle(client);
  }

  // ---- CONNECT and PINGREQ -------------------------------------------------------------------------------------------

  #onConnect(peer: Peer, connect: Connect, before: GatewayClient | undefined, bytes: number): void {
    this.metrics.connects++;
    const refusal = this.#refusalOf(connect, peer);
    if (refusal !== ReturnCode.Accepted) {
      this.#refuse(peer, refusal);
      return;
    }
    const { clientId } = connect;
    const known = this.#byId.get(clientId);
    if (known === undefined) {
      const client = this.#newClient(clientId, peer);
      if (client === null) {
        this.#refuse(peer, ReturnCode.Congestion);
        return;
      }
      this.#connect(client, peer, connect, bytes);
      return;
    }
    if (known !== before) {
      // Back from where a sleeper may wake is no other one.
      const isBack = known.state === 'asleep' && this.#mayWake(known, peer);
      if (!isBack && !allowsAddress(this.#takeover, known.peer, peer)) {
        this.#refuse(peer, ReturnCode.NotSupported);
        return;
      }
      if (isBack) known.onCameBack();
      else known.onTakenOver();
      this.#move(known, peer, isBack ? 'moved' : 'taken over');
    }
    this.#connect(known, peer, connect, bytes);
  }

  #refusalOf({ clientId, protocolId }: Connect, peer: Peer): number {
    if (protocolId !== PROTOCOL_ID) return ReturnCode.NotSupported;
    const { clientIdBytes } = this.#context.options;
    const isClientId =
      clientId !== '' && utf8ByteLength(clientId) <= clientIdBytes && !clientId.includes('\0');
    return isClientId && this.#acceptsClient(clientId, peer) ? ReturnCode.Accepted : ReturnCode.NotSupported;
  }

  /** Another client that was behind this address (a port that was given anew) has lost it, and its timers go on. */
  #connect(client: GatewayClient, peer: Peer, connect: Connect, bytes: number): void {
    this.#byKey.set(peer.key, client);
    client.budget.received(bytes);
    this.#parts.onClient?.(client.clientId, 'connecting', peer);
    client.onConnect(connect);
  }

  #newClient(clientId: string, peer: Peer): GatewayClient | null {
    const { clients, clientsPerHost, openingClients } = this.#context.options;
    if (this.#byId.size >= clients) return null;
    const ofHost = this.#perHost.get(peer.host) ?? 0;
    if (!peer.trusted && ofHost >= clientsPerHost) return null;
    if (this.#states.connecting >= openingClients) return null;
    const client = new GatewayClient(this.#context, this, clientId, peer);
    this.#byId.set(clientId, client);
    this.#states.disconnected++;
    this.#perHost.set(peer.host, ofHost + 1);
    return client;
  }

  #mayWake(sleeper: GatewayClient, peer: Peer): boolean {
    return allowsAddress(this.#wakeFrom, sleeper.peer, peer);
  }

  #refuse(peer: Peer, returnCode: number): void {
    this.metrics.connectsRefused++;
    this.#answer(peer, { type: 'connack', returnCode });
  }

  #onPingreq(
    peer: Peer,
    clientId: string | undefined,
    client: GatewayClient | undefined,
    bytes: number,
  ): void {
    if (clientId === undefined || client?.clientId === clientId) {
      if (client === undefined) this.#onStranger(peer);
      else this.#serve(client, (own) => own.onPingreq(clientId));
      return;
    }
    // A sleeper that wakes behind another address: its network has given it a new port, or it has moved.
    const sleeper = this.#byId.get(clientId);
    const isAsleep = sleeper?.state === 'asleep' || sleeper?.state === 'awake';
    if (sleeper === undefined || !isAsleep || !this.#mayWake(sleeper, peer)) {
      this.#onStranger(peer);
      return;
    }
    this.#move(sleeper, peer, 'moved');
    this.#byKey.set(peer.key, sleeper);
    sleeper.budget.received(bytes);
    this.#serve(sleeper, (own) => own.onPingreq(clientId));
  }

  #move(client: GatewayClient, peer: Peer, change: ClientChange): void {
    if (this.#byKey.get(client.peer.key) === client) this.#byKey.delete(client.peer.key);
    this.#leaveHost(client.peer.host);
    this.#perHost.set(peer.host, (this.#perHost.get(peer.host) ?? 0) + 1);
    client.moveTo(peer);
    this.#parts.onClient?.(client.clientId, change, peer);
  }

  #leaveHost(host: string): void {
    const left = (this.#perHost.get(host) ?? 0) - 1;
    if (left > 0) this.#perHost.set(host, left);
    else this.#perHost.delete(host);
  }

  // ---- who is no client ----------------------------------------------------------------------------------------------

  #onUnconnected(peer: Peer, message: Publish): void {
    if (this.#unconnected === null) this.metrics.unconnectedRefused++;
    else this.#unconnected.onPublish(peer, message);
  }

  /** The specification has it told by DISCONNECT, which is no longer than anything it could answer. */
  #onStranger(peer: Peer): void {
    this.metrics.strangers++;
    if (!this.#strangers.mayTell(peer.key, peer.host, this.#context.nowMs)) return;
    this.#transmit(peer, encodeMessage({ type: 'disconnect', duration: undefined }));
  }

  #answer(peer: Peer, message: SnMessage): void {
    if (this.#strangers.mayAnswer(peer.host, this.#context.nowMs))
      this.#transmit(peer, encodeMessage(message));
  }

  // ---- of clients ----------------------------------------------------------------------------------------------------

  send(client: GatewayClient, message: SnMessage): boolean {
    // Another client has its address now: nobody is there.
    if (this.#byKey.get(client.peer.key) !== client) return false;
    const bytes = encodeMessage(message);
    if (!client.budget.spend(bytes.length)) {
      this.metrics.withheld++;
      return false;
    }
    this.#transmit(client.peer, bytes);
    return true;
  }

  onState(before: ClientState, after: ClientState): void {
    this.#states[before]--;
    this.#states[after]++;
  }

  onGone(client: GatewayClient): void {
    if (this.#byId.get(client.clientId) !== client) return;
    this.#byId.delete(client.clientId);
    this.#states.disconnected--;
    this.#rates.delete(client.clientId);
    if (this.#byKey.get(client.peer.key) === client) this.#byKey.delete(client.peer.key);
    this.#leaveHost(client.peer.host);
    this.#parts.onClient?.(client.clientId, 'gone', client.peer);
  }

  #transmit(peer: Peer, bytes: Uint8Array): void {
    this.metrics.datagramsSent++;
    this.metrics.bytesSent += bytes.length;
    this.#parts.link.send(peer, bytes);
  }
}
