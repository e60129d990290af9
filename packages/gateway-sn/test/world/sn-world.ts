/** A gateway before a whole broker, with devices that speak raw MQTT-SN, in a time that the test moves. */
import type { Broker, BrokerOptions, ReceivedMessage } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { decodeMessage } from '../../src/core/codec/decode-message.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import type { SnMessage } from '../../src/core/codec/message.ts';
import { GatewayCore } from '../../src/core/gateway-core.ts';
import type { GatewayParts } from '../../src/core/gateway-parts.ts';
import { idOf } from '../../src/core/incoming.ts';
import type { Peer } from '../../src/core/ports/link.ts';
import type { ClientMemory } from '../../src/core/ports/memory.ts';
import type { Upstreams } from '../../src/core/ports/upstream.ts';
import { BrokerUpstreams } from '../../src/upstream/broker-upstreams.ts';
import { MemoryOfClients } from '../../src/upstream/memory-of-clients.ts';

const START_WALL_MS = 1_767_225_600_000;
const FIRST_MS = 1_000_000;
const SETTLED_ROUNDS = 100_000;

export interface SnWorldOptions extends Partial<Omit<GatewayParts, 'link' | 'upstreams' | 'nowMs'>> {
  readonly broker?: BrokerOptions;
  readonly seed?: number;
  /** Whether addresses are believed. @default true */
  readonly trusted?: boolean;
  readonly maximumMessageBytes?: number;
  /** As if the broker were on another machine. */
  readonly reach?: Upstreams['reach'];
}

export class SnWorld {
  readonly broker: Broker;
  gateway: GatewayCore;
  readonly memory: ClientMemory;
  readonly random: SeededRandom;
  /** What was broadcast. */
  readonly broadcasts: SnMessage[] = [];
  /** Whether a datagram arrives, and how often; 1 unless a test says otherwise. */
  copies: () => number = () => 1;
  readonly #options: SnWorldOptions;
  readonly #devices = new Map<string, Device>();
  readonly #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];
  readonly #soon: (() => void)[] = [];
  #nowMs = FIRST_MS;
  #isSettling = false;

  constructor(options: SnWorldOptions = {}) {
    this.#options = options;
    this.random = new SeededRandom(options.seed ?? 1);
    this.memory = options.memory ?? new MemoryOfClients({ nowMs: () => this.#nowMs });
    const soon = (callback: () => void) => void this.#soon.push(callback);
    this.broker = createBroker({
      sysInterval: 0,
      ...options.broker,
      environment: {
        nowMs: () => this.#nowMs,
        wallMs: () => this.#nowMs - FIRST_MS + START_WALL_MS,
        newClientId: () => `auto-${this.random.below(1_000_000_000)}`,
        hashSeed: () => 7,
        heapBytes: () => 0,
        setTimer: (callback, delayMs) => this.#setTimer(callback, delayMs),
        soon,
      },
    });
    this.gateway = this.#newGateway();
    this.settle();
  }

  #newGateway(): GatewayCore {
    const { broker: _, seed: __, reach, ...parts } = this.#options;
    const isCurrent = () => this.gateway === gateway;
    const gateway: GatewayCore = new GatewayCore({
      random: () => this.random.next(),
      ...parts,
      memory: this.memory,
      link: {
        send: (peer, bytes) => {
          if (isCurrent()) this.send(peer, bytes);
        },
        broadcast: (bytes) => this.broadcast(bytes),
      },
      nowMs: this.#nowMs,
      upstreams: Object.assign(
        new BrokerUpstreams({
          attach: (transport, origin) => this.broker.attach(transport, origin),
          unfinishedMessages: (clientId) => this.broker.unfinishedMessages(clientId),
          origin: { listener: 'sn', kind: 'in-process' },
          soon: (callback) => void this.#soon.push(callback),
          onTurn: () => {
            if (isCurrent()) gateway.tick(this.#nowMs);
          },
        }),
        reach === undefined ? {} : { reach },
      ),
    });
    return gateway;
  }

  /** The process of the gateway ends without a word, and another one begins with what is remembered. */
  crashGateway(): void {
    this.gateway = this.#newGateway();
    this.settle();
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  #setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** A device at an address that may be that of another device before. */
  device(host = '192.0.2.1', port = 40_000 + this.#devices.size, more: Partial<Peer> = {}): Device {
    const peer: Peer = {
      key: `${host}:${port}`,
      host,
      text: `${host}:${port}`,
      trusted: this.#options.trusted ?? true,
      maximumMessageBytes: this.#options.maximumMessageBytes ?? 65_535,
      ...more,
    };
    const device = new Device(this, peer);
    this.#devices.set(peer.key, device);
    return device;
  }

  /** Everything that the broker is published from now on, as it is routed. */
  watch(topicFilter: string): ReceivedMessage[] {
    const seen: ReceivedMessage[] = [];
    this.broker.subscribe(topicFilter, (message) => seen.push(message), { observe: true });
    this.settle();
    seen.length = 0;
    return seen;
  }

  publish(
    topicName: string,
    payload: string,
    qos: 0 | 1 | 2 = 0,
    options: { readonly retain?: boolean; readonly messageExpiryInterval?: number } = {},
  ): void {
    const { retain = false, messageExpiryInterval: seconds } = options;
    const properties = seconds === undefined ? {} : { messageExpiryInterval: seconds };
    // A test whose store never keeps it does not wait for it either.
    this.broker.publish(topicName, payload, { qos, retain, properties }).catch(() => {});
    this.settle();
  }

  send(peer: Peer, bytes: Uint8Array): void {
    const device = this.#devices.get(peer.key);
    for (let i = this.copies(); i > 0; i--) device?.take(bytes);
  }

  broadcast(bytes: Uint8Array): void {
    this.broadcasts.push(decodeMessage(bytes) as SnMessage);
  }

  receive(peer: Peer, bytes: Uint8Array, toAll = false): void {
    for (let i = this.copies(); i > 0; i--) this.gateway.receive(peer, bytes, this.#nowMs, toAll);
    this.settle();
  }

  /** Calls it when what happens now has happened. */
  later(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Lets everything happen that needs no time. */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      this.#settle();
    } finally {
      this.#isSettling = false;
    }
  }

  #settle(): void {
    for (let round = 0; this.#soon.length > 0; round++) {
      if (round > SETTLED_ROUNDS) throw new Error('expected the world to come to rest');
      for (const callback of this.#soon.splice(0)) callback();
    }
  }

  /** When something is due next in the broker or the gateway; Infinity if nothing is. */
  get nextDueMs(): number {
    this.#timers.sort((a, b) => a.dueMs - b.dueMs);
    return Math.min(this.#timers[0]?.dueMs ?? Number.POSITIVE_INFINITY, this.gateway.nextDeadlineMs);
  }

  advance(seconds: number): void {
    const endMs = this.#nowMs + seconds * 1000;
    for (;;) {
      const dueMs = this.nextDueMs;
      if (dueMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      if (this.gateway.nextDeadlineMs <= this.#nowMs) this.gateway.tick(this.#nowMs);
      if ((this.#timers[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= this.#nowMs)
        this.#timers.shift()!.callback();
      this.settle();
    }
    this.#nowMs = endMs;
    this.gateway.tick(this.#nowMs);
    this.settle();
  }
}

/** Of a type that may be one of several of the same form. */
type Answered<Type extends SnMessage['type'], Message = SnMessage> = Message extends {
  readonly type: infer Types;
}
  ? Type extends Types
    ? Message
    : never
  : never;

/** What the test says it sends, and what has come. */
export class Device {
  readonly peer: Peer;
  readonly #world: SnWorld;
  readonly #received: SnMessage[] = [];
  /** Answers by itself what the test does not want to answer. */
  onMessage: ((message: SnMessage) => void) | null = null;
  /** Takes the datagrams instead of the test. */
  onDatagram: ((bytes: Uint8Array) => void) | null = null;
  bytesReceived = 0;
  bytesSent = 0;

  constructor(world: SnWorld, peer: Peer) {
    this.#world = world;
    this.peer = peer;
  }

  take(bytes: Uint8Array): void {
    this.bytesReceived += bytes.length;
    if (this.onDatagram !== null) {
      this.onDatagram(bytes.slice());
      return;
    }
    const message = decodeMessage(bytes.slice()) as SnMessage;
    this.#received.push(message);
    this.onMessage?.(message);
  }

  send(message: SnMessage): this {
    return this.sendBytes(encodeMessage(message));
  }

  sendBytes(bytes: Uint8Array | string, toAll = false): this {
    const datagram = typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'hex')) : bytes;
    this.bytesSent += datagram.length;
    this.#world.receive(this.peer, datagram, toAll);
    return this;
  }

  /** The one message that has come since the last call, which must be of this type. */
  the<Type extends SnMessage['type']>(type: Type): Answered<Type> {
    const messages = this.received();
    const [message] = messages;
    if (messages.length !== 1 || message?.type !== type) {
      throw new Error(`expected one ${type}, got ${JSON.stringify(messages)}`);
    }
    return message as Answered<Type>;
  }

  /** Answers REGISTER and PUBLISH by itself, as a client does; `given` gets `topic payload` of each message. */
  answering(given: string[] = []): this {
    const topics = new Map<number, string>();
    const queue: SnMessage[] = [];
    let isSending = false;
    this.onMessage = (message) => {
      if (message.type === 'register') topics.set(message.topicId, message.topicName);
      if (message.type === 'publish') given.push(`${nameOf(message, topics)} ${textOf(message)}`);
      queue.push(...answersTo(message));
      if (isSending) return;
      isSending = true;
      // What is answered may bring the next: the core is not to be called from inside its own call.
      this.#world.later(() => {
        isSending = false;
        for (const answer of queue.splice(0)) this.send(answer);
      });
    };
    return this;
  }

  /** What has come since the last call. */
  received(): SnMessage[] {
    return this.#received.splice(0);
  }

  /** The types of what has come since the last call. */
  types(): string[] {
    return this.received().map(({ type }) => type);
  }

  /** Connects, and forgets the answers. */
  connect(
    clientId: string,
    options: { readonly clean?: boolean; readonly will?: boolean; readonly duration?: number } = {},
  ): this {
    const { clean = true, will = false, duration = 60 } = options;
    return this.send({
      type: 'connect',
      will,
      cleanSession: clean,
      protocolId: 1,
      duration,
      clientId,
    });
  }

  connected(clientId: string, options: { readonly clean?: boolean; readonly duration?: number } = {}): this {
    this.connect(clientId, options);
    const answers = this.received();
    if (answers.length !== 1 || answers[0]!.type !== 'connack' || answers[0]!.returnCode !== 0) {
      throw new Error(`expected CONNACK, got ${JSON.stringify(answers)}`);
    }
    return this;
  }

  subscribe(topicName: string, qos: 0 | 1 | 2 = 0, packetId = 100): this {
    return this.send({
      type: 'subscribe',
      dup: false,
      qos,
      packetId,
      topic: { kind: 'name', topicName },
    });
  }

  publish(topicId: number, payload: string, qos: 0 | 1 | 2 = 0, packetId = 0, dup = false): this {
    return this.send({
      type: 'publish',
      dup,
      qos,
      retain: false,
      topic: { kind: 'normal', topicId },
      packetId,
      payload: new TextEncoder().encode(payload),
    });
  }

  /** Registers a topic. @returns its identifier */
  register(topicName: string, packetId = 1): number {
    this.send({ type: 'register', topicId: 0, packetId, topicName });
    const [answer] = this.received();
    if (answer?.type !== 'regack' || answer.returnCode !== 0) {
      throw new Error(`expected REGACK, got ${JSON.stringify(answer)}`);
    }
    return answer.topicId;
  }
}

function nameOf({ topic }: Answered<'publish'>, topics: ReadonlyMap<number, string>): string {
  switch (topic.kind) {
    case 'normal':
      return topics.get(topic.topicId) ?? `#${topic.topicId}`;
    case 'predefined':
      return `predefined ${topic.topicId}`;
    case 'short':
    case 'name':
      return topic.topicName;
  }
}

export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload);
}

/** What a client that accepts everything answers. */
export function answersTo(message: SnMessage): readonly SnMessage[] {
  switch (message.type) {
    case 'register':
      return [{ type: 'regack', topicId: message.topicId, packetId: message.packetId, returnCode: 0 }];
    case 'publish': {
      const { qos, packetId, topic } = message;
      if (qos === 2) return [{ type: 'pubrec', packetId }];
      return qos === 1 ? [{ type: 'puback', topicId: idOf(topic), packetId, returnCode: 0 }] : [];
    }
    case 'pubrel':
      return [{ type: 'pubcomp', packetId: message.packetId }];
    default:
      return [];
  }
}
