/**
 * A client of MQTT-SN without sockets, clocks and promises: bytes of the gateway in, bytes out, and what became of what it was
 * asked to do.
 *
 *   disconnected ── connect ─▶ active ── sleep ─▶ asleep ── wake ─▶ awake ──PINGRESP──▶ asleep
 *         ▲                      │  ▲                 │ connect
 *         └── disconnect, lost ──┘  └─────────────────┘
 */
import { Deadlines } from '@martlet/protocol';
import { decodeMessage } from '../codec/decode-message.ts';
import { encodeMessage, shortTopicId } from '../codec/encode-message.ts';
import type { Publish, SnMessage, TopicReference, WillTopic } from '../codec/message.ts';
import { ReturnCode, returnCodeText } from '../codec/return-code.ts';
import type { Request } from './one-request.ts';
import { OneRequest } from './one-request.ts';
import type { SnClientErrorCode } from './sn-client-error.ts';
import { SnClientError } from './sn-client-error.ts';

export type SnClientState = 'disconnected' | 'active' | 'asleep' | 'awake';

export interface SnClientOptions {
  /** 1 to 23 characters in the specification; gateways take more. */
  readonly clientId: string;
  /** Whether subscriptions, and what waits, are forgotten. @default true */
  readonly cleanSession?: boolean;
  /** Seconds. 0: none. @default 60 */
  readonly keepAlive?: number;
  /** Published when this client is lost. */
  readonly will?: { readonly topic: WillTopic; readonly payload: Uint8Array };
  /** T_retry, in ms. @default 10,000 */
  readonly retryMs?: number;
  /** N_retry. @default 3 */
  readonly retries?: number;
  /** Topics that both sides know, by their identifiers. */
  readonly predefinedTopics?: ReadonlyMap<number, string>;
}

/** A message that came. */
export interface SnMessageReceived {
  /** As far as it is known: a predefined topic that nobody told of is its identifier. */
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly dup: boolean;
}

/** What the core tells its host; never from inside a call that returns something. */
export interface SnClientHost {
  send(bytes: Uint8Array): void;
  onMessage(message: SnMessageReceived): void;
  /** The connection is over without its doing: the gateway said so, or did not answer. */
  onLost(error: SnClientError): void;
}

/** How something ended. */
export type Settle<Value> = (error: SnClientError | null, value?: Value) => void;

/** Where something is published or subscribed to. */
export type SnTopic =
  | string
  | { readonly predefined: number }
  /** Exactly two bytes. */
  | { readonly short: string };

/** QoS 2 messages that were received and not released; the gateway has one under way. */
const MOST_RECEIVED = 64;

export class SnClientCore {
  readonly deadlines: Deadlines = new Deadlines();
  readonly #options: SnClientOptions;
  readonly #host: SnClientHost;
  readonly #requests: OneRequest;
  readonly #idByName = new Map<string, number>();
  readonly #nameById = new Map<number, string>();
  readonly #received = new Set<number>();
  readonly #keepAlive: { heapIndex: number; onDue: (nowMs: number) => void };
  #state: SnClientState = 'disconnected';
  #packetId = 0;
  #nowMs = 0;

  constructor(options: SnClientOptions, host: SnClientHost) {
    this.#options = options;
    this.#host = host;
    const { retryMs = 10_000, retries = 3 } = options;
    this.#requests = new OneRequest(
      this.deadlines,
      { retryMs, retries },
      (message) => this.#send(message),
      () => this.#onGatewayLost(),
    );
    this.#keepAlive = { heapIndex: -1, onDue: (nowMs) => this.#onIdle(nowMs) };
  }

  get state(): SnClientState {
    return this.#state;
  }

  /** @param nowMs monotonic */
  receive(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    const message = decodeMessage(bytes);
    if (message.type === 'malformed') return;
    if (this.#requests.onMessage(message, nowMs)) return;
    switch (message.type) {
      case 'publish':
        this.#onPublish(message);
        return;
      case 'register':
        this.#onRegister(message.topicId, message.packetId, message.topicName);
        return;
      case 'pubrel':
        this.#received.delete(message.packetId);
        this.#send({ type: 'pubcomp', packetId: message.packetId });
        return;
      case 'pingreq':
        this.#send({ type: 'pingresp' });
        return;
      case 'disconnect':
        if (this.#state !== 'disconnected') this.#onEnded('the gateway has ended the connection');
        return;
      default:
    }
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.deadlines.run(nowMs);
  }

  // ---- connection ----------------------------------------------------------------------------------------------------

  connect(settle: Settle<void>, nowMs: number): void {
    const { clientId, cleanSession = true, keepAlive = 60, will } = this.#options;
    const connect: SnMessage = {
      type: 'connect',
      will: will !== undefined,
      cleanSession,
      protocolId: 1,
      duration: keepAlive,
      clientId,
    };
    const onConnack = (answer: SnMessage): 'done' | undefined => {
      if (answer.type !== 'connack') return undefined;
      if (answer.returnCode !== ReturnCode.Accepted) {
        settle(rejected('CONNECT', answer.returnCode));
        return 'done';
      }
      this.#state = 'active';
      if (cleanSession) this.#forgetTopics();
      this.#touch();
      settle(null);
      return 'done';
    };
    const step = (message: SnMessage, onAnswer: Request['onAnswer']): Request => ({
      message: () => message,
      onAnswer: (answer) => onConnack(answer) ?? onAnswer(answer),
      onFailed: settle,
    });
    const message = step({ type: 'willmsg', payload: will?.payload ?? new Uint8Array(0) }, () => undefined);
    const topic = step({ type: 'willtopic', will: will?.topic ?? null }, (answer) =>
      answer.type === 'willmsgreq' ? message : undefined,
    );
    this.#ask(
      step(connect, (answer) => (answer.type === 'willtopicreq' ? topic : undefined)),
      nowMs,
    );
  }

  disconnect(settle: Settle<void>, nowMs: number): void {
    if (this.#state === 'disconnected') {
      settle(null);
      return;
    }
    this.#ask(
      {
        message: () => ({ type: 'disconnect', duration: undefined }),
        onAnswer: (answer) => {
          if (answer.type !== 'disconnect') return undefined;
          this.#end();
          settle(null);
          return 'done';
        },
        // It is gone either way.
        onFailed: () => {
          this.#end();
          settle(null);
        },
      },
      nowMs,
    );
  }

  /** @param seconds until it wakes at the latest */
  sleep(seconds: number, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    this.#ask(
      {
        message: () => ({ type: 'disconnect', duration: seconds }),
        onAnswer: (answer) => {
          if (answer.type !== 'disconnect') return undefined;
          this.#state = 'asleep';
          this.deadlines.clear(this.#keepAlive);
          settle(null);
          return 'done';
        },
        onFailed: settle,
      },
      nowMs,
    );
  }

  /** Gets what waits at the gateway; settles when that was all, and it sleeps again. */
  checkMessages(settle: Settle<void>, nowMs: number): void {
    if (this.#state !== 'asleep') {
      settle(new SnClientError('NOT_CONNECTED', `expected the client to be asleep, it is ${this.#state}`));
      return;
    }
    const { clientId } = this.#options;
    this.#state = 'awake';
    this.#ask(
      {
        message: () => ({ type: 'pingreq', clientId }),
        onAnswer: (answer) => {
          if (answer.type !== 'pingresp') return undefined;
          this.#state = 'asleep';
          settle(null);
          return 'done';
        },
        onFailed: settle,
      },
      nowMs,
    );
  }

  #onIdle(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#state !== 'active') return;
    this.#ask(
      {
        message: () => ({ type: 'pingreq', clientId: undefined }),
        onAnswer: (answer) => (answer.type === 'pingresp' ? 'done' : undefined),
        onFailed: () => {},
      },
      nowMs,
    );
  }

  /** The keep alive begins anew with everything that is sent. */
  #touch(): void {
    const { keepAlive = 60 } = this.#options;
    if (this.#state === 'active' && keepAlive > 0) {
      this.deadlines.set(this.#keepAlive, this.#nowMs + keepAlive * 800);
    }
  }

  // ---- publishing ----------------------------------------------------------------------------------------------------

  /** Registers a topic that has no identifier yet. */
  register(topicName: string, settle: Settle<number>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    const known = this.#idByName.get(topicName);
    if (known !== undefined) {
      settle(null, known);
      return;
    }
    const packetId = this.#nextPacketId();
    this.#ask(
      {
        message: () => ({ type: 'register', topicId: 0, packetId, topicName }),
        onAnswer: (answer) => {
          if (answer.type !== 'regack' || answer.packetId !== packetId) return undefined;
          if (answer.returnCode === ReturnCode.Accepted) {
            this.#know(topicName, answer.topicId);
            settle(null, answer.topicId);
          } else settle(rejected(`REGISTER of ${topicName}`, answer.returnCode));
          return 'done';
        },
        onFailed: settle,
      },
      nowMs,
    );
  }

  /** Settles when it has been sent (QoS 0), or the gateway has said that it is the broker's (QoS 1 and 2). */
  publish(
    topic: SnTopic,
    payload: Uint8Array,
    options: { readonly qos?: 0 | 1 | 2; readonly retain?: boolean },
    settle: Settle<void>,
    nowMs: number,
  ): void {
    if (!this.#isConnected(settle)) return;
    if (typeof topic !== 'string') {
      this.#publishTo(referenceTo(topic), payload, options, settle, nowMs, true);
      return;
    }
    this.register(
      topic,
      (error, topicId) => {
        if (error !== null) settle(error);
        else
          this.#publishTo(
            { kind: 'normal', topicId: topicId! },
            payload,
            options,
            settle,
            this.#nowMs,
            false,
          );
      },
      nowMs,
    );
  }

  #publishTo(
    topic: TopicReference,
    payload: Uint8Array,
    { qos = 0, retain = false }: { readonly qos?: 0 | 1 | 2; readonly retain?: boolean },
    settle: Settle<void>,
    nowMs: number,
    isLast: boolean,
  ): void {
    const packetId = qos === 0 ? 0 : this.#nextPacketId();
    const message = (dup: boolean): Publish => ({
      type: 'publish',
      dup,
      qos,
      retain,
      topic,
      packetId,
      payload,
    });
    if (qos === 0) {
      this.#nowMs = nowMs;
      this.#send(message(false));
      settle(null);
      return;
    }
    const onPuback = (answer: SnMessage): 'done' | undefined => {
      if (answer.type !== 'puback' || answer.packetId !== packetId) return undefined;
      const unknown = answer.returnCode === ReturnCode.InvalidTopicId && topic.kind === 'normal' && !isLast;
      if (unknown) {
        // The gateway has forgotten it, after a restart or for want of room.
        const topicName = this.#nameById.get(topic.topicId)!;
        this.#forget(topicName);
        this.publish(topicName, payload, { qos, retain }, settle, this.#nowMs);
      } else if (answer.returnCode === ReturnCode.Accepted) settle(null);
      else settle(rejected('PUBLISH', answer.returnCode));
      return 'done';
    };
    const release: Request = {
      message: () => ({ type: 'pubrel', packetId }),
      onAnswer: (answer) => {
        if (answer.type !== 'pubcomp' || answer.packetId !== packetId) return undefined;
        settle(null);
        return 'done';
      },
      onFailed: settle,
    };
    this.#ask(
      {
        message,
        onAnswer: (answer) => {
          if (qos === 2 && answer.type === 'pubrec' && answer.packetId === packetId) return release;
          return onPuback(answer);
        },
        onFailed: settle,
      },
      nowMs,
    );
  }

  // ---- subscribing ---------------------------------------------------------------------------------------------------

  /** @param settle with the QoS that was granted */
  subscribe(topic: SnTopic, qos: 0 | 1 | 2, settle: Settle<0 | 1 | 2>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    const packetId = this.#nextPacketId();
    const reference = filterReference(topic);
    this.#ask(
      {
        message: (dup) => ({ type: 'subscribe', dup, qos, packetId, topic: reference }),
        onAnswer: (answer) => {
          if (answer.type !== 'suback' || answer.packetId !== packetId) return undefined;
          if (answer.returnCode !== ReturnCode.Accepted) {
            settle(rejected('SUBSCRIBE', answer.returnCode));
            return 'done';
          }
          if (reference.kind === 'name' && answer.topicId !== 0)
            this.#know(reference.topicName, answer.topicId);
          settle(null, answer.qos);
          return 'done';
        },
        onFailed: settle,
      },
      nowMs,
    );
  }

  unsubscribe(topic: SnTopic, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    const packetId = this.#nextPacketId();
    this.#ask(
      {
        message: () => ({ type: 'unsubscribe', packetId, topic: filterReference(topic) }),
        onAnswer: (answer) => {
          if (answer.type !== 'unsuback' || answer.packetId !== packetId) return undefined;
          settle(null);
          return 'done';
        },
        onFailed: settle,
      },
      nowMs,
    );
  }

  // ---- the will ------------------------------------------------------------------------------------------------------

  /** @param will null deletes it */
  updateWillTopic(will: WillTopic | null, settle: Settle<void>, nowMs: number): void {
    this.#update({ type: 'willtopicupd', will }, 'willtopicresp', settle, nowMs);
  }

  updateWillMessage(payload: Uint8Array, settle: Settle<void>, nowMs: number): void {
    this.#update({ type: 'willmsgupd', payload }, 'willmsgresp', settle, nowMs);
  }

  #update(
    message: SnMessage,
    answerType: 'willtopicresp' | 'willmsgresp',
    settle: Settle<void>,
    nowMs: number,
  ): void {
    if (!this.#isConnected(settle)) return;
    this.#ask(
      {
        message: () => message,
        onAnswer: (answer) => {
          if (answer.type !== answerType) return undefined;
          if (answer.returnCode === ReturnCode.Accepted) settle(null);
          else settle(rejected('the new will', answer.returnCode));
          return 'done';
        },
        onFailed: settle,
      },
      nowMs,
    );
  }

  // ---- from the gateway ----------------------------------------------------------------------------------------------

  #onRegister(topicId: number, packetId: number, topicName: string): void {
    this.#know(topicName, topicId);
    this.#send({ type: 'regack', topicId, packetId, returnCode: ReturnCode.Accepted });
  }

  #onPublish(message: Publish): void {
    const { topic, qos, packetId, payload, retain, dup } = message;
    if (qos === -1) return;
    const topicName = this.#nameOf(topic);
    const topicId =
      topic.kind === 'short' ? shortTopicId(topic.topicName) : topic.kind === 'name' ? 0 : topic.topicId;
    if (topicName === undefined) {
      this.#send({ type: 'puback', topicId, packetId, returnCode: ReturnCode.InvalidTopicId });
      return;
    }
    const isNew = qos !== 2 || !this.#received.has(packetId);
    if (qos === 1) this.#send({ type: 'puback', topicId, packetId, returnCode: ReturnCode.Accepted });
    if (qos === 2) {
      if (this.#received.size >= MOST_RECEIVED) this.#received.clear();
      this.#received.add(packetId);
      this.#send({ type: 'pubrec', packetId });
    }
    if (isNew) this.#host.onMessage({ topicName, payload: payload.slice(), qos, retain, dup });
  }

  #nameOf(topic: TopicReference): string | undefined {
    switch (topic.kind) {
      case 'normal':
        return this.#nameById.get(topic.topicId);
      case 'predefined':
        return this.#options.predefinedTopics?.get(topic.topicId) ?? `predefined:${topic.topicId}`;
      case 'short':
      case 'name':
        return topic.topicName;
    }
  }

  #know(topicName: string, topicId: number): void {
    const before = this.#nameById.get(topicId);
    if (before !== undefined && before !== topicName) this.#idByName.delete(before);
    this.#idByName.set(topicName, topicId);
    this.#nameById.set(topicId, topicName);
  }

  #forget(topicName: string): void {
    const topicId = this.#idByName.get(topicName);
    this.#idByName.delete(topicName);
    if (topicId !== undefined) this.#nameById.delete(topicId);
  }

  #forgetTopics(): void {
    this.#idByName.clear();
    this.#nameById.clear();
    this.#received.clear();
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------

  #onGatewayLost(): void {
    if (this.#state === 'disconnected') return;
    this.#end();
    this.#host.onLost(new SnClientError('GATEWAY_LOST', 'the gateway does not answer any more'));
  }

  /** The way to the gateway is gone. */
  onChannelClosed(error: Error): void {
    this.#onEnded(`the way to the gateway is closed: ${error.message}`);
  }

  #onEnded(text: string): void {
    this.#end();
    const error = new SnClientError('DISCONNECTED', text);
    this.#requests.fail(error);
    this.#host.onLost(error);
  }

  #end(): void {
    this.#state = 'disconnected';
    this.deadlines.clear(this.#keepAlive);
  }

  #isConnected(settle: (error: SnClientError) => void): boolean {
    if (this.#state !== 'disconnected') return true;
    settle(new SnClientError('NOT_CONNECTED', 'the client is not connected: connect it first'));
    return false;
  }

  #ask(request: Request, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#requests.ask(request, nowMs);
  }

  #send(message: SnMessage): void {
    this.#touch();
    this.#host.send(encodeMessage(message));
  }

  #nextPacketId(): number {
    this.#packetId = this.#packetId === 65_535 ? 1 : this.#packetId + 1;
    return this.#packetId;
  }
}

function referenceTo(topic: Exclude<SnTopic, string>): TopicReference {
  if ('predefined' in topic) return { kind: 'predefined', topicId: topic.predefined };
  return { kind: 'short', topicName: topic.short };
}

function filterReference(topic: SnTopic): TopicReference {
  return typeof topic === 'string' ? { kind: 'name', topicName: topic } : referenceTo(topic);
}

const CODES: Readonly<Record<number, SnClientErrorCode>> = {
  [ReturnCode.Congestion]: 'CONGESTION',
  [ReturnCode.InvalidTopicId]: 'INVALID_TOPIC_ID',
};

function rejected(what: string, returnCode: number): SnClientError {
  return new SnClientError(
    CODES[returnCode] ?? 'NOT_SUPPORTED',
    `the gateway answered ${what} with "${returnCodeText(returnCode)}"`,
  );
}
