/**
 * A client of MQTT-SN without sockets, clocks and promises: bytes of the gateway in, bytes out, and what became of what it was
 * asked to do.
 *
 *   disconnected ── connect ─▶ active ── sleep ─▶ asleep ── wake ─▶ awake ──PINGRESP──▶ asleep
 *         ▲                      │  ▲                 │ connect
 *         └── disconnect, lost ──┘  └─────────────────┘
 */
import { Deadlines } from '@martlet/protocol';
import { decodeMessage } from '../core/codec/decode-message.ts';
import { encodeMessage } from '../core/codec/encode-message.ts';
import type { Publish, SnMessage, TopicReference, WillTopic } from '../core/codec/message.ts';
import { ReturnCode } from '../core/codec/return-code.ts';
import { ClientTopics } from './client-topics.ts';
import type { Request } from './one-request.ts';
import { OneRequest } from './one-request.ts';
import { rejected } from './rejected.ts';
import {
  goodbyeRequest,
  pingRequest,
  registerRequest,
  sleepRequest,
  subscribeRequest,
  unsubscribeRequest,
  willRequest,
} from './requests.ts';
import { SnClientError } from './sn-client-error.ts';
import type { Settle, SnClientHost, SnClientOptions, SnClientState, SnTopic } from './sn-client-options.ts';
import { filterReference, referenceTo, topicIdOf } from './topic-reference.ts';

/** QoS 2 messages that were received and not released; the gateway has one under way. */
const MOST_RECEIVED = 64;

export class SnClientCore {
  readonly deadlines: Deadlines = new Deadlines();
  readonly #options: SnClientOptions;
  readonly #host: SnClientHost;
  readonly #requests: OneRequest;
  readonly #topics: ClientTopics;
  readonly #received = new Set<number>();
  readonly #keepAlive: { heapIndex: number; onDue: (nowMs: number) => void };
  #state: SnClientState = 'disconnected';
  #packetId = 0;
  #nowMs = 0;

  constructor(options: SnClientOptions, host: SnClientHost) {
    this.#options = options;
    this.#host = host;
    const { retryMs = 10_000, retries = 3, predefinedTopics = new Map() } = options;
    this.#topics = new ClientTopics(predefinedTopics);
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
      if (cleanSession) {
        this.#topics.clear();
        this.#received.clear();
      }
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
    const end: Settle<void> = () => {
      this.#end();
      settle(null);
    };
    this.#ask(goodbyeRequest(end), nowMs);
  }

  /** @param seconds until it wakes at the latest */
  sleep(seconds: number, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    const asleep: Settle<void> = (error) => {
      if (error === null) {
        this.#state = 'asleep';
        this.deadlines.clear(this.#keepAlive);
      }
      settle(error);
    };
    this.#ask(sleepRequest(seconds, asleep), nowMs);
  }

  /** Gets what waits at the gateway; settles when that was all, and it sleeps again. */
  checkMessages(settle: Settle<void>, nowMs: number): void {
    if (this.#state !== 'asleep') {
      settle(new SnClientError('NOT_CONNECTED', `expected the client to be asleep, it is ${this.#state}`));
      return;
    }
    this.#state = 'awake';
    const asleep: Settle<void> = (error) => {
      if (error === null) this.#state = 'asleep';
      settle(error);
    };
    this.#ask(pingRequest(this.#options.clientId, asleep), nowMs);
  }

  #onIdle(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#state === 'active')
      this.#ask(
        pingRequest(undefined, () => {}),
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
    const known = this.#topics.idOf(topicName);
    if (known !== undefined) {
      settle(null, known);
      return;
    }
    const registered: Settle<number> = (error, topicId) => {
      if (error === null) this.#topics.know(topicName, topicId!);
      settle(error, topicId);
    };
    this.#ask(registerRequest(this.#nextPacketId(), topicName, registered), nowMs);
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
        const topicName = this.#topics.nameOf(topic)!;
        this.#topics.forget(topicName);
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

  /** @param settle with the QoS that was granted */
  subscribe(topic: SnTopic, qos: 0 | 1 | 2, settle: Settle<0 | 1 | 2>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    const reference = filterReference(topic);
    const subscribed: Settle<{ readonly qos: 0 | 1 | 2; readonly topicId: number }> = (error, granted) => {
      const topicId = granted?.topicId ?? 0;
      if (reference.kind === 'name' && topicId !== 0) this.#topics.know(reference.topicName, topicId);
      settle(error, granted?.qos);
    };
    this.#ask(subscribeRequest(this.#nextPacketId(), reference, qos, subscribed), nowMs);
  }

  unsubscribe(topic: SnTopic, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    this.#ask(unsubscribeRequest(this.#nextPacketId(), filterReference(topic), settle), nowMs);
  }

  /** @param will null deletes it */
  updateWillTopic(will: WillTopic | null, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    this.#ask(willRequest({ type: 'willtopicupd', will }, 'willtopicresp', settle), nowMs);
  }

  updateWillMessage(payload: Uint8Array, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    this.#ask(willRequest({ type: 'willmsgupd', payload }, 'willmsgresp', settle), nowMs);
  }

  // ---- from the gateway ----------------------------------------------------------------------------------------------

  #onRegister(topicId: number, packetId: number, topicName: string): void {
    this.#topics.know(topicName, topicId);
    this.#send({ type: 'regack', topicId, packetId, returnCode: ReturnCode.Accepted });
  }

  #onPublish(message: Publish): void {
    const { topic, qos, packetId, payload, retain, dup } = message;
    if (qos === -1) return;
    const topicName = this.#topics.nameOf(topic);
    if (topicName === undefined) {
      this.#puback(topic, packetId, ReturnCode.InvalidTopicId);
      return;
    }
    const isNew = qos !== 2 || !this.#received.has(packetId);
    if (qos === 1) this.#puback(topic, packetId, ReturnCode.Accepted);
    if (qos === 2) {
      if (this.#received.size >= MOST_RECEIVED) this.#received.clear();
      this.#received.add(packetId);
      this.#send({ type: 'pubrec', packetId });
    }
    if (isNew) this.#host.onMessage({ topicName, payload: payload.slice(), qos, retain, dup });
  }

  #puback(topic: TopicReference, packetId: number, returnCode: number): void {
    this.#send({ type: 'puback', topicId: topicIdOf(topic), packetId, returnCode });
  }

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
