/**
 * What a check has: connections to the server under test, names that are its own, and the end that leaves nothing behind.
 *
 *     const subscriber = await world.connect('subscriber');
 *     await world.subscribe(subscriber, world.topic('a'));
 */
import type {
  ConnackPacket,
  ConnectPacket,
  ConnectProperties,
  ProtocolVersion,
  PublishPacket,
  Qos,
  ReasonCode,
  Subscription,
} from '@martlet/protocol';
import type { Capabilities } from './capabilities.ts';
import { CheckFailure, CheckInconclusive, CheckSkipped } from './check-failure.ts';
import { Exchange } from './exchange.ts';
import { bytesOf, checkId, checkTaken } from './expectations.ts';
import { packetText } from './packet-text.ts';
import type { RawClientOptions } from './raw-client.ts';
import { RawClient } from './raw-client.ts';
import type { Target } from './target.ts';

/** Long enough for a check to come back to its session, in seconds; nothing of it outlives that. */
const SESSION_EXPIRY_S = 60;
/** No check is to be ended by it that is not about it. */
const KEEP_ALIVE_S = 60;

export interface CheckWorldOptions {
  readonly target: Target;
  readonly version: 4 | 5;
  readonly capabilities: Capabilities;
  /** Begins all topics of the check; nobody else's do. */
  readonly topicPrefix: string;
  /** Begins all client identifiers of the check; letters and digits, at most 11. */
  readonly clientIdPrefix: string;
  /** Whether the server also takes MQTT 5.0, where a rule of 3.1.1 then cannot be asked of it. */
  readonly takesV5: boolean;
  readonly timeoutMs: number;
  /** A monotonic clock. */
  readonly nowMs: () => number;
}

/** What a check wants of a CONNECT; everything else is usual. */
export interface ConnectWish extends Partial<Omit<ConnectPacket, 'type' | 'protocolVersion' | 'properties'>> {
  readonly properties?: ConnectProperties;
  /** Clean start, but a session that outlives the connection. */
  readonly keepSession?: boolean;
}

export interface PublishWish {
  readonly qos?: Qos;
  readonly retain?: boolean;
  readonly properties?: PublishPacket['properties'];
}

/** Enough for a server that does not close to have read DISCONNECT, in ms. */
const LEFT_OPEN_MS = 200;

const EMPTY = new Uint8Array(0);

/** Every server has to take so many. The prefix leaves 12 of them for the names of connections. */
const CLIENT_ID_LETTERS = 23;

export class CheckWorld {
  readonly version: 4 | 5;
  readonly capabilities: Capabilities;
  readonly exchange: Exchange;
  readonly notes: string[] = [];
  readonly timeoutMs: number;
  readonly nowMs: () => number;
  readonly takesV5: boolean;
  readonly target: Target;
  readonly #topicPrefix: string;
  readonly #clientIdPrefix: string;
  readonly #clients: RawClient[] = [];
  /** Ends waiting; cleaning up goes on after it. */
  readonly #interruption = new AbortController();
  #isCleaning = false;
  /** The server does not close behind DISCONNECT. */
  #leavesOpen = false;
  /** Client identifiers that may have left a session, and topics that may have left a retained message. */
  readonly #sessions = new Set<string>();
  readonly #retained = new Set<string>();

  constructor(options: CheckWorldOptions) {
    this.version = options.version;
    this.capabilities = options.capabilities;
    this.timeoutMs = options.timeoutMs;
    this.nowMs = options.nowMs;
    this.takesV5 = options.takesV5;
    this.target = options.target;
    this.#topicPrefix = options.topicPrefix;
    this.#clientIdPrefix = options.clientIdPrefix;
    this.exchange = new Exchange(options.nowMs);
  }

  get isV5(): boolean {
    return this.version === 5;
  }

  /** A topic name or filter that no other check uses. */
  topic(name: string): string {
    return `${this.#topicPrefix}/${name}`;
  }

  /** At most 23 letters and digits, which every server has to take. */
  clientId(name: string): string {
    return `${this.#clientIdPrefix}${name}`.slice(0, CLIENT_ID_LETTERS);
  }

  /** The specification recommends something that the server does otherwise. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  skip(reason: string): never {
    throw new CheckSkipped(reason);
  }

  /** Lets time pass, in ms, where a statement is about time. */
  async pass(ms: number): Promise<void> {
    const { signal } = this.#interruption;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
    signal.throwIfAborted();
  }

  /** The run is to end: what the check waits for is rejected with this reason, and {@link end} can still clean up. */
  interrupt(reason: unknown): void {
    this.#interruption.abort(reason);
    for (const client of this.#clients) client.interrupt(reason);
  }

  // ---- connections -------------------------------------------------------------------------------------------------

  /** A network connection on which nothing has been said yet. */
  async open(name: string, open: RawClientOptions['open'] = this.target.open): Promise<RawClient> {
    if (!this.#isCleaning) this.#interruption.signal.throwIfAborted();
    const client = await RawClient.open({
      open,
      version: this.version,
      name,
      exchange: this.exchange,
      timeoutMs: this.timeoutMs,
    });
    this.#clients.push(client);
    return client;
  }

  /** The CONNECT that a wish makes, with the user that the server wants. */
  connectPacket(name: string, wish: ConnectWish = {}): ConnectPacket {
    const { keepSession = false, properties, ...rest } = wish;
    const { username, password } = this.target;
    const packet: ConnectPacket = {
      type: 'connect',
      protocolVersion: this.version as ProtocolVersion,
      clientId: this.clientId(name),
      cleanStart: !(keepSession && this.version === 4),
      keepAlive: KEEP_ALIVE_S,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...rest,
      properties: {
        ...(keepSession && this.isV5 ? { sessionExpiryInterval: SESSION_EXPIRY_S } : {}),
        ...properties,
      },
    };
    if (packet.properties.sessionExpiryInterval !== undefined || !packet.cleanStart)
      this.#sessions.add(packet.clientId);
    if (packet.will?.retain === true) this.#retained.add(packet.will.topicName);
    return packet;
  }

  /** Connects, and is accepted. */
  async connect(name: string, wish: ConnectWish = {}): Promise<RawClient> {
    const client = await this.open(name);
    client.send(this.connectPacket(name, wish));
    client.connack = await this.accepted(client);
    return client;
  }

  /** The CONNACK that lets a client in. */
  async accepted(client: RawClient): Promise<ConnackPacket> {
    const connack = await client.expect('connack');
    if (connack.reasonCode !== 0)
      throw new CheckFailure(`expected CONNECT to be accepted, got ${packetText(connack)}`);
    return connack;
  }

  /**
   * Says goodbye and waits until the server has closed: what follows finds the session as it is kept. A server only should
   * close; where it does not, this side does.
   */
  async disconnect(
    client: RawClient,
    properties: { readonly sessionExpiryInterval?: number } = {},
  ): Promise<void> {
    client.send({ type: 'disconnect', reasonCode: 0 as ReasonCode, properties });
    if ((await client.settles(this.#leavesOpen ? LEFT_OPEN_MS : this.timeoutMs)) === 'closed') return;
    this.#leavesOpen = true;
    this.note('does not close the network connection behind DISCONNECT');
    client.drop();
  }

  // ---- subscribing and publishing ----------------------------------------------------------------------------------

  /** Subscribes; what comes before SUBACK, retained messages included, stays to be taken. */
  async subscribe(
    client: RawClient,
    topicFilter: string | readonly (Partial<Subscription> & { readonly topicFilter: string })[],
    wish: Partial<Subscription> & { readonly subscriptionIdentifier?: number } = {},
  ): Promise<readonly ReasonCode[]> {
    const { subscriptionIdentifier, ...options } = wish;
    const packetId = client.nextPacketId();
    const wanted = typeof topicFilter === 'string' ? [{ topicFilter }] : topicFilter;
    client.send({
      type: 'subscribe',
      packetId,
      subscriptions: wanted.map((each) => ({
        qos: 0,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
        ...options,
        ...each,
      })),
      properties: subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier },
    });
    const suback = await client.expectAfterMessages('suback');
    if (suback.packetId !== packetId)
      throw new CheckFailure(`expected SUBACK with packet identifier ${packetId}, got ${suback.packetId}`);
    return suback.reasonCodes;
  }

  /**
   * Subscribes where a check cannot go on without: a refusal says nothing about its statement.
   * @returns the QoS that was granted
   */
  async subscribed(
    client: RawClient,
    topicFilter: string,
    wish: Partial<Subscription> & { readonly subscriptionIdentifier?: number } = {},
  ): Promise<number> {
    const [code] = await this.subscribe(client, topicFilter, wish);
    if (code === undefined || code >= 0x80)
      throw new CheckInconclusive(`the server refused the subscription that the check needs: ${topicFilter}`);
    return code;
  }

  async unsubscribe(client: RawClient, ...topicFilters: string[]): Promise<readonly ReasonCode[]> {
    const packetId = client.nextPacketId();
    client.send({ type: 'unsubscribe', packetId, topicFilters, properties: {} });
    const unsuback = await client.expectAfterMessages('unsuback');
    if (unsuback.packetId !== packetId)
      throw new CheckFailure(
        `expected UNSUBACK with packet identifier ${packetId}, got ${unsuback.packetId}`,
      );
    return unsuback.reasonCodes;
  }

  /** Sends a PUBLISH and takes nothing back. @returns its packet identifier */
  send(
    client: RawClient,
    topicName: string,
    payload: string | Uint8Array,
    { qos = 0, retain = false, properties = {} }: PublishWish = {},
  ): number {
    const packetId = qos === 0 ? 0 : client.nextPacketId();
    if (retain) this.#retained.add(topicName);
    client.send({
      type: 'publish',
      topicName,
      payload: bytesOf(payload),
      qos,
      retain,
      dup: false,
      packetId,
      properties,
    });
    return packetId;
  }

  /**
   * Publishes, and waits until the server has taken it over: with QoS 0, until it answers a PINGREQ behind it.
   * @throws {CheckInconclusive} if it refuses, which says nothing about a statement
   */
  async publish(
    client: RawClient,
    topicName: string,
    payload: string | Uint8Array,
    wish: PublishWish = {},
  ): Promise<void> {
    const packetId = this.send(client, topicName, payload, wish);
    if (wish.qos === 1) {
      checkTaken(await client.expectAfterMessages('puback'), packetId);
    } else if (wish.qos === 2) {
      checkTaken(await client.expectAfterMessages('pubrec'), packetId);
      client.send({ type: 'pubrel', packetId, reasonCode: 0 as ReasonCode, properties: {} });
      checkId(await client.expectAfterMessages('pubcomp'), packetId);
    } else {
      client.send({ type: 'pingreq' });
      await client.expectAfterMessages('pingresp');
    }
  }

  /**
   * The next message, acknowledged to its end.
   * @param timeoutMs where it may come later than an answer, because the server looks at its clock now and then
   */
  async message(client: RawClient, timeoutMs?: number): Promise<PublishPacket> {
    const message = await client.expect('publish', timeoutMs);
    await this.acknowledge(client, message);
    return message;
  }

  async acknowledge(client: RawClient, message: PublishPacket): Promise<void> {
    const { qos, packetId } = message;
    const reasonCode = 0 as ReasonCode;
    if (qos === 1) client.send({ type: 'puback', packetId, reasonCode, properties: {} });
    if (qos !== 2) return;
    client.send({ type: 'pubrec', packetId, reasonCode, properties: {} });
    checkId(await client.expectAfterMessages('pubrel'), packetId);
    client.send({ type: 'pubcomp', packetId, reasonCode, properties: {} });
  }

  /**
   * Everything that a subscriber has received when a last message, which is published now, reaches it. The filter that brings
   * the last one has to be subscribed to here, so this says what did not come without waiting for time to pass.
   */
  async messagesUpToNow(client: RawClient): Promise<readonly PublishPacket[]> {
    const topicName = this.topic(`last/${client.name}/${client.nextPacketId()}`);
    await this.subscribed(client, topicName);
    const publisher = await this.connect(`last${this.#clients.length}`);
    await this.publish(publisher, topicName, 'last');
    const messages: PublishPacket[] = [];
    for (;;) {
      const message = await this.message(client);
      if (message.topicName === topicName) break;
      messages.push(message);
    }
    await this.disconnect(publisher);
    await this.unsubscribe(client, topicName);
    return messages;
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  /** Ends all connections, sessions and retained messages of the check, as far as the server lets it. */
  async end(): Promise<void> {
    this.#isCleaning = true;
    for (const client of this.#clients) if (!client.closed) client.drop();
    try {
      for (const clientId of this.#sessions) {
        const client = await this.connect('cleaning', {
          clientId,
          cleanStart: true,
          properties: { sessionExpiryInterval: 0 },
        });
        await this.disconnect(client);
      }
      if (this.#retained.size > 0) {
        const client = await this.connect('cleaning');
        for (const topicName of this.#retained)
          await this.publish(client, topicName, EMPTY, { retain: true });
        await this.disconnect(client);
      }
    } catch (error) {
      // What a server does wrong here has been found by the checks that are about it.
      if (!(error instanceof CheckFailure || error instanceof CheckInconclusive)) throw error;
    } finally {
      for (const client of this.#clients) if (!client.closed) client.drop();
    }
  }
}
