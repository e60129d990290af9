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
import { MAXIMUM_MESSAGE_BYTES } from '../core/codec/frame.ts';
import type { SnMessage, WillTopic } from '../core/codec/message.ts';
import { ReturnCode } from '../core/codec/return-code.ts';
import type { ResolvedSnOptions } from './checked.ts';
import { invalid, resolveSnOptions, topicProblem } from './checked.ts';
import type { ClientContext } from './client-context.ts';
import { askLater, ClientPacketIds } from './client-context.ts';
import { ClientIncoming } from './client-incoming.ts';
import { ClientPublishing } from './client-publishing.ts';
import { ClientSubscriptions } from './client-subscriptions.ts';
import { ClientTopics } from './client-topics.ts';
import { Congestion } from './congestion.ts';
import { connectRequest } from './connect-request.ts';
import type { Request } from './one-request.ts';
import { OneRequest } from './one-request.ts';
import { rejected } from './rejected.ts';
import { goodbyeRequest, pingRequest, sleepRequest, willRequest } from './requests.ts';
import { SnClientError } from './sn-client-error.ts';
import type {
  Settle,
  SnClientHost,
  SnClientOptions,
  SnClientState,
  SnPublishOptions,
  SnTopic,
} from './sn-client-options.ts';

/** Of the keep alive, in ms for each second: a ping that is lost is sent again before the gateway gives the client up. */
const PING_AFTER_MS = 800;

export class SnClientCore {
  readonly deadlines: Deadlines = new Deadlines();
  readonly subscriptions: ClientSubscriptions;
  readonly #options: ResolvedSnOptions;
  readonly #host: SnClientHost;
  readonly #context: ClientContext;
  readonly #publishing: ClientPublishing;
  readonly #incoming: ClientIncoming;
  readonly #keepAlive: { heapIndex: number; onDue: (nowMs: number) => void };
  #state: SnClientState = 'disconnected';
  /** CONNECT, or what follows it, waits for its answer. */
  #connecting = false;
  /** Goodbye has been said. */
  #leaving = false;

  /** @throws {SnClientError} `INVALID_ARGUMENT` for an option that cannot be */
  constructor(options: SnClientOptions, host: SnClientHost) {
    this.#options = resolveSnOptions(options);
    this.#host = host;
    this.#context = {
      options: this.#options,
      deadlines: this.deadlines,
      requests: new OneRequest(
        this.deadlines,
        this.#options,
        (message) => this.#send(message),
        (error) => this.#onLost(error),
      ),
      topics: new ClientTopics(this.#options.predefinedTopics),
      congestion: new Congestion(this.#options.waitMs),
      packetIds: new ClientPacketIds(),
      nowMs: 0,
      send: (message) => this.#send(message),
    };
    this.#publishing = new ClientPublishing(this.#context, () => this.#maximumMessageBytes);
    this.#incoming = new ClientIncoming(this.#context, (message) => host.onMessage(message));
    this.subscriptions = new ClientSubscriptions(this.#context);
    this.#keepAlive = { heapIndex: -1, onDue: (nowMs) => this.#onIdle(nowMs) };
  }

  get state(): SnClientState {
    return this.#state;
  }

  /** @param nowMs monotonic */
  receive(bytes: Uint8Array, nowMs: number): void {
    this.#context.nowMs = nowMs;
    const message = decodeMessage(bytes);
    if (message.type === 'malformed') return;
    const { requests } = this.#context;
    if (requests.onMessage(message, nowMs)) return;
    // A gateway that was asked for what waits hands it over first; it is not lost as long as it does (section 6.14).
    if (this.#state === 'awake') requests.onProgress(nowMs);
    if (message.type === 'disconnect') this.#onDisconnect();
    else this.#incoming.receive(message);
  }

  tick(nowMs: number): void {
    this.#context.nowMs = nowMs;
    this.deadlines.run(nowMs);
  }

  // ---- connection ----------------------------------------------------------------------------------------------------

  connect(settle: Settle<void>, nowMs: number): void {
    const over: Settle<void> = (error) => {
      this.#connecting = false;
      settle(error);
    };
    const onConnack = (returnCode: number): void => {
      if (returnCode === ReturnCode.Accepted) {
        this.#onConnected();
        over(null);
        return;
      }
      const error = rejected('CONNECT', returnCode);
      this.#end();
      over(error);
      this.#context.requests.failWaiting(error);
    };
    const begin = (): Request => {
      this.#connecting = true;
      this.#leaving = false;
      return connectRequest(this.#options, onConnack, over);
    };
    this.#ask(begin, over, nowMs);
  }

  #onConnected(): void {
    this.#state = 'active';
    if (this.#options.cleanSession) {
      this.#context.topics.clear();
      this.#incoming.clear();
      this.subscriptions.clear();
    }
    this.#touch();
  }

  /** The next gateway is another one: what this one knew, that one does not. */
  onOtherGateway(): void {
    this.#context.topics.clear();
    this.#context.congestion.clear();
    this.#incoming.clear();
  }

  disconnect(settle: Settle<void>, nowMs: number): void {
    if (this.#state === 'disconnected') {
      this.cancel(new SnClientError('DISCONNECTED', 'the client has disconnected'), nowMs);
      settle(null);
      return;
    }
    const end: Settle<void> = () => {
      this.#end();
      settle(null);
    };
    const begin = (): Request => {
      this.#leaving = true;
      return goodbyeRequest(end);
    };
    this.#ask(begin, end, nowMs);
  }

  /** Gives up at once all that is asked. A gateway that was asked to connect is told by one DISCONNECT. */
  cancel(error: SnClientError, nowMs: number): void {
    this.#context.nowMs = nowMs;
    if (this.#connecting) this.#send({ type: 'disconnect', duration: undefined });
    this.#end();
    this.#fail(error);
  }

  /** @param seconds until it wakes at the latest, 1 to 65,535 */
  sleep(seconds: number, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    const asleep: Settle<void> = (error) => {
      if (error === null) this.#fallAsleep();
      settle(error);
    };
    this.#ask(() => sleepRequest(seconds, asleep), settle, nowMs);
  }

  /** Gets what waits at the gateway; settles when that was all, and it sleeps again. */
  checkMessages(settle: Settle<void>, nowMs: number): void {
    if (this.#state !== 'asleep' && this.#state !== 'awake') {
      settle(new SnClientError('NOT_CONNECTED', `expected the client to be asleep, it is ${this.#state}`));
      return;
    }
    const asleep: Settle<void> = (error) => {
      if (error === null) this.#fallAsleep();
      settle(error);
    };
    const begin = (): Request | null => {
      if (this.#state === 'active') {
        // It was asked to wake for good meanwhile: what waited comes by itself.
        settle(null);
        return null;
      }
      this.#state = 'awake';
      return pingRequest(this.#options.clientId, asleep);
    };
    this.#ask(begin, settle, nowMs);
  }

  #fallAsleep(): void {
    this.#state = 'asleep';
    this.deadlines.clear(this.#keepAlive);
  }

  #onIdle(nowMs: number): void {
    if (this.#state !== 'active') return;
    const nobody: Settle<void> = () => {};
    this.#ask(() => pingRequest(undefined, nobody), nobody, nowMs);
  }

  /** The keep alive begins anew with everything that is sent. */
  #touch(): void {
    const { keepAlive } = this.#options;
    if (this.#state === 'active' && keepAlive > 0) {
      this.deadlines.set(this.#keepAlive, this.#context.nowMs + keepAlive * PING_AFTER_MS);
    }
  }

  // ---- requests ------------------------------------------------------------------------------------------------------

  /** @param settle with the identifier; at once for a topic that has one */
  register(topicName: string, settle: Settle<number>, nowMs: number): void {
    this.#context.nowMs = nowMs;
    if (this.#mayAsk(topicName, 'name', settle)) this.#publishing.register(topicName, settle);
  }

  /** Settles when it has been sent (QoS 0), or the gateway has said that it is the broker's (QoS 1 and 2). */
  publish(
    topic: SnTopic,
    payload: Uint8Array,
    { qos = 0, retain = false, whenCongested = 'fail' }: SnPublishOptions,
    settle: Settle<void>,
    nowMs: number,
  ): void {
    this.#context.nowMs = nowMs;
    if (!this.#mayAsk(topic, 'name', settle)) return;
    const waits = whenCongested === 'wait';
    this.#publishing.publish(topic, payload, { qos, retain, waits }, settle);
  }

  /** @param settle with the QoS that was granted */
  subscribe(topic: SnTopic, qos: 0 | 1 | 2, settle: Settle<0 | 1 | 2>, nowMs: number): void {
    this.#context.nowMs = nowMs;
    if (this.#mayAsk(topic, 'filter', settle)) this.subscriptions.add(topic, qos, settle);
  }

  unsubscribe(topic: SnTopic, settle: Settle<void>, nowMs: number): void {
    this.#context.nowMs = nowMs;
    if (this.#mayAsk(topic, 'filter', settle)) this.subscriptions.remove(topic, settle);
  }

  /** @param will null deletes it */
  updateWillTopic(will: WillTopic | null, settle: Settle<void>, nowMs: number): void {
    if (will !== null && !this.#mayAsk(will.topicName, 'name', settle)) return;
    if (!this.#isConnected(settle)) return;
    const request = willRequest({ type: 'willtopicupd', will }, 'willtopicresp', settle);
    this.#ask(() => request, settle, nowMs);
  }

  updateWillMessage(payload: Uint8Array, settle: Settle<void>, nowMs: number): void {
    if (!this.#isConnected(settle)) return;
    const request = willRequest({ type: 'willmsgupd', payload }, 'willmsgresp', settle);
    this.#ask(() => request, settle, nowMs);
  }

  #mayAsk(topic: SnTopic, as: 'name' | 'filter', settle: (error: SnClientError) => void): boolean {
    const problem = topicProblem(topic, as);
    if (problem === null) return this.#isConnected(settle);
    settle(invalid(problem));
    return false;
  }

  #isConnected(settle: (error: SnClientError) => void): boolean {
    if (this.#state !== 'disconnected') return true;
    settle(new SnClientError('NOT_CONNECTED', 'the client is not connected: connect it first'));
    return false;
  }

  #ask(begin: () => Request | null, onFailed: (error: SnClientError) => void, nowMs: number): void {
    this.#context.nowMs = nowMs;
    askLater(this.#context, begin, onFailed);
  }

  // ---- the end of a connection ---------------------------------------------------------------------------------------

  #onDisconnect(): void {
    // To a sleeper it is its own DISCONNECT answered twice; one that is not known learns so when it wakes.
    if (this.#state === 'active' || this.#state === 'awake') {
      this.#onLost(new SnClientError('DISCONNECTED', 'the gateway has ended the connection'));
    }
  }

  /** The way to the gateway is gone. */
  onChannelClosed(error: Error): void {
    const text = `the way to the gateway is closed: ${error.message}`;
    this.#onLost(new SnClientError('GATEWAY_LOST', text, error));
  }

  #onLost(error: SnClientError): void {
    const isNews = this.#state !== 'disconnected' && !this.#leaving;
    this.#end();
    this.#fail(error);
    if (isNews) this.#host.onLost(error);
  }

  #fail(error: SnClientError): void {
    this.#context.requests.fail(error);
    this.#publishing.fail(error);
  }

  #end(): void {
    this.#state = 'disconnected';
    this.deadlines.clear(this.#keepAlive);
  }

  // ---- sending -------------------------------------------------------------------------------------------------------

  get #maximumMessageBytes(): number {
    return this.#host.maximumMessageBytes ?? MAXIMUM_MESSAGE_BYTES;
  }

  #send(message: SnMessage): boolean {
    const bytes = encodedOrNull(message);
    if (bytes === null || bytes.length > this.#maximumMessageBytes) return false;
    this.#touch();
    this.#host.send(bytes);
    return true;
  }
}

/** Null if its length cannot be said. */
function encodedOrNull(message: SnMessage): Uint8Array | null {
  try {
    return encodeMessage(message);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
