/** A client of MQTT-SN for Node.js: promises over the core, and Node's clock. */

import { MAXIMUM_MESSAGE_BYTES } from '../core/codec/frame.ts';
import type { WillTopic } from '../core/codec/message.ts';
import { GatewayAlarm } from '../host/gateway-alarm.ts';
import { invalid, within } from './checked.ts';
import type { SnSubscription } from './client-subscriptions.ts';
import type { DatagramChannel, OpenChannel } from './datagram-channel.ts';
import type { GatewayPlace } from './gateway-places.ts';
import { channelTo, GatewayPlaces, isSamePlace } from './gateway-places.ts';
import { SnClientCore } from './sn-client-core.ts';
import { SnClientError } from './sn-client-error.ts';
import type {
  Settle,
  SnClientOptions,
  SnClientState,
  SnMessageReceived,
  SnPublishOptions,
  SnTopic,
} from './sn-client-options.ts';

export interface SnConnectOptions extends SnClientOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default 1883 */
  readonly port?: number;
  /** Instead of UDP to `host` and `port`. */
  readonly channel?: OpenChannel;
  /**
   * Others that are tried in turn when a gateway does not answer any more, beside `host` and `port` or `channel`, which come
   * first. A function is asked each time: what a search has found so far, such as `() => found`.
   * @default none
   */
  readonly gateways?: readonly GatewayPlace[] | (() => readonly GatewayPlace[]);
  /** Told of each message, before it is acknowledged. What it throws goes to `onHandlerError`. */
  readonly onMessage?: (message: SnMessageReceived) => void;
  /**
   * Another gateway has taken the place of one that was lost, and was asked for the same subscriptions. The client is active
   * then, also if it slept.
   * @param refused those that it did not grant
   */
  readonly onMoved?: (gateway: GatewayPlace, refused: readonly SnSubscription[]) => void;
  /** The connection is over without `disconnect`, and no other gateway answered. `connect` may be called again. */
  readonly onLost?: (error: SnClientError) => void;
  /** What `onMessage`, `onMoved` or `onLost` threw. @default written to the console */
  readonly onHandlerError?: (error: unknown) => void;
  /** Gives up connecting, if it aborts before the gateway has accepted; `connectSn` rejects with its reason. */
  readonly signal?: AbortSignal;
}

const LARGEST_DURATION = 65_535;

const encoder = new TextEncoder();

/**
 * Connects to a gateway.
 *
 * Rejects with an {@link SnClientError}: `INVALID_ARGUMENT` for an option that cannot be, `GATEWAY_LOST` if no gateway
 * answers, `CONGESTION` or `NOT_SUPPORTED` if it refuses; with the system's error if a way to it cannot be opened (a name
 * that nobody knows, a serial device that is not there); with the reason of `signal`.
 *
 * @example
 * await using client = await connectSn({
 *   clientId: 'thermometer',
 *   host: 'gateway.example',
 *   onMessage: ({ topicName, payload }) => console.log(topicName, new TextDecoder().decode(payload)),
 * });
 * await client.subscribe('home/+/set', 1);
 * await client.publish('home/kitchen/temperature', '21.5', { qos: 1 });
 * await client.sleep(300);
 * await client.checkMessages();
 */
export async function connectSn(options: SnConnectOptions): Promise<SnClient> {
  const { signal } = options;
  signal?.throwIfAborted();
  const client = new SnClient(options);
  const onAbort = (): void => void client.close();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await client.connect();
    signal?.throwIfAborted();
    return client;
  } catch (error) {
    await client.close();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * A connection to a gateway. Requests are asked one after the other, in the order of the calls, as the specification has it;
 * at most 1000 wait.
 *
 * Every method that asks something rejects with an {@link SnClientError} that has a `code`: `NOT_CONNECTED`,
 * `GATEWAY_LOST` after T_retry × (N_retry + 1), `DISCONNECTED`, `CONGESTION`, `INVALID_TOPIC_ID`, `NOT_SUPPORTED`,
 * `TOO_LONG`, `QUEUE_FULL` or `INVALID_ARGUMENT`.
 */
export class SnClient implements AsyncDisposable {
  readonly #core: SnClientCore;
  readonly #alarm: GatewayAlarm;
  readonly #options: SnConnectOptions;
  readonly #places: GatewayPlaces;
  #channel: DatagramChannel | null = null;
  #closed = false;
  #turn: Promise<void> = Promise.resolve();
  /** While another gateway is looked for. */
  #moving: Promise<void> | null = null;
  /** Subscriptions that the gateway which was lost had granted, and its successor was not asked for yet. */
  #toRestore: SnSubscription[] = [];
  #rejectOpening: (error: Error) => void = () => {};

  /**
   * Does not connect yet: see {@link connectSn}.
   * @throws {SnClientError} `INVALID_ARGUMENT`
   */
  constructor(options: SnConnectOptions) {
    this.#options = options;
    this.#places = new GatewayPlaces(options);
    this.#alarm = new GatewayAlarm(() => {
      this.#core.tick(performance.now());
      this.#arm();
    });
    const self = this;
    this.#core = new SnClientCore(options, {
      get maximumMessageBytes(): number {
        return self.#channel?.maximumMessageBytes ?? MAXIMUM_MESSAGE_BYTES;
      },
      send: (bytes) => this.#channel?.send(bytes),
      onMessage: (message) => this.#guard(() => options.onMessage?.(message)),
      onLost: (error) => this.#onLost(error),
    });
  }

  get state(): SnClientState {
    return this.#core.state;
  }

  /**
   * Connects, again if it was connected before; a sleeper wakes for good. If no gateway answers, others are tried; if they
   * are being tried already, this fulfils when one has taken the client.
   */
  connect(): Promise<void> {
    return this.#moving ?? this.#inTurn(() => this.#places.each((place) => this.#connectTo(place)));
  }

  /** @returns the identifier of the topic, which the gateway gives; `publish` does this by itself */
  register(topicName: string): Promise<number> {
    return this.#asked((settle, nowMs) => this.#core.register(topicName, settle, nowMs));
  }

  /**
   * Publishes to a topic by its name, which is registered if need be, by a predefined identifier, or by a short name.
   * Fulfils when the message has been sent (QoS 0), or is the broker's (QoS 1 and 2).
   */
  async publish(topic: SnTopic, payload: Uint8Array | string, options: SnPublishOptions = {}): Promise<void> {
    checkQos(options.qos);
    const bytes = bytesOf(payload);
    await this.#asked<void>((settle, nowMs) => this.#core.publish(topic, bytes, options, settle, nowMs));
  }

  /** Subscribes to a topic filter, a predefined topic or a short name. @returns the QoS that was granted */
  async subscribe(topic: SnTopic, qos: 0 | 1 | 2 = 0): Promise<0 | 1 | 2> {
    checkQos(qos);
    return this.#asked((settle, nowMs) => this.#core.subscribe(topic, qos, settle, nowMs));
  }

  unsubscribe(topic: SnTopic): Promise<void> {
    return this.#asked((settle, nowMs) => this.#core.unsubscribe(topic, settle, nowMs));
  }

  /**
   * Sleeps: the gateway keeps what comes. `checkMessages` or `connect` must follow in time, or the client is lost.
   * @param seconds 1 to 65,535
   */
  async sleep(seconds: number): Promise<void> {
    within('sleep', seconds, 1, LARGEST_DURATION, 's');
    await this.#asked<void>((settle, nowMs) => this.#core.sleep(seconds, settle, nowMs));
  }

  /** Gets what came while it slept, and sleeps again, as long as before. */
  checkMessages(): Promise<void> {
    return this.#asked((settle, nowMs) => this.#core.checkMessages(settle, nowMs));
  }

  /** @param will null deletes the will */
  updateWillTopic(will: WillTopic | null): Promise<void> {
    return this.#asked((settle, nowMs) => this.#core.updateWillTopic(will, settle, nowMs));
  }

  updateWillMessage(payload: Uint8Array | string): Promise<void> {
    const bytes = bytesOf(payload);
    return this.#asked((settle, nowMs) => this.#core.updateWillMessage(bytes, settle, nowMs));
  }

  /** Says goodbye, and closes the way to the gateway. It is over then: connect with a new client. Fulfils at the latest after all retries. */
  async disconnect(): Promise<void> {
    this.#closed = true;
    await this.#asked<void>((settle, nowMs) => this.#core.disconnect(settle, nowMs));
    await this.close();
  }

  /** Goes without a word: the gateway finds out, and publishes the will. What is asked rejects with `DISCONNECTED`. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = closedError();
    this.#core.cancel(error, performance.now());
    this.#rejectOpening(error);
    await this.#closeChannel();
  }

  /** As `disconnect`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  // ---- gateways --------------------------------------------------------------------------------------------------------

  /** One after the other: an application may ask to connect while another gateway is looked for. */
  #inTurn(connect: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(connect);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #connectTo(place: GatewayPlace): Promise<void> {
    const { current } = this.#places;
    const isOther = current !== null && !isSamePlace(current, place);
    if (isOther) {
      await this.#closeChannel();
      this.#core.onOtherGateway();
    }
    this.#places.current = place;
    this.#channel ??= await this.#open(channelTo(place));
    if (this.#closed) throw closedError();
    await this.#asked<void>((settle, nowMs) => this.#core.connect(settle, nowMs));
  }

  /** Rejects at once when the client is closed meanwhile; the channel is closed when it is there. */
  #open(openChannel: OpenChannel): Promise<DatagramChannel> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#rejectOpening = reject;
      let opened: DatagramChannel | null = null;
      const isCurrent = (): boolean => opened !== null && opened === this.#channel;
      const opening = openChannel(
        (bytes) => {
          if (isCurrent()) this.#receive(bytes);
        },
        (error) => {
          if (isCurrent()) this.#onChannelClosed(error);
        },
      );
      opening.then((channel) => {
        opened = channel;
        if (this.#closed) void channel.close();
        else resolve(channel);
      }, reject);
    });
  }

  #receive(bytes: Uint8Array): void {
    this.#core.receive(bytes, performance.now());
    this.#arm();
  }

  /** To connect again opens it again. */
  #onChannelClosed(error: Error): void {
    void this.#closeChannel();
    this.#core.onChannelClosed(error);
  }

  async #closeChannel(): Promise<void> {
    this.#alarm.stop();
    const channel = this.#channel;
    this.#channel = null;
    await channel?.close();
  }

  #onLost(error: SnClientError): void {
    if (error.code !== 'GATEWAY_LOST' || !this.#places.hasOthers) {
      this.#toRestore = [];
      this.#guard(() => this.#options.onLost?.(error));
      return;
    }
    const moving = this.#moveOn(error).finally(() => {
      if (this.#moving === moving) this.#moving = null;
    });
    this.#moving = moving;
    // The application is told by `onLost`.
    moving.catch(() => {});
  }

  /** Another gateway first, when one is lost (section 6.13). */
  async #moveOn(why: SnClientError): Promise<void> {
    this.#toRestore = [...this.#core.subscriptions.all, ...this.#toRestore];
    try {
      await this.#inTurn(() => this.#places.eachOther((place) => this.#connectTo(place)));
    } catch (cause) {
      if (this.#closed) throw cause;
      const text = `${why.message}; nor does another gateway take its place: ${(cause as Error).message}`;
      const error = new SnClientError('GATEWAY_LOST', text, cause);
      // The application may connect again at once.
      this.#moving = null;
      this.#toRestore = [];
      this.#guard(() => this.#options.onLost?.(error));
      throw error;
    }
    const refused: SnSubscription[] = [];
    for (let next = this.#toRestore[0]; next !== undefined; next = this.#toRestore[0]) {
      try {
        await this.subscribe(next.topic, next.qos);
      } catch (error) {
        // Lost again: what that leads to is told by itself, and the rest is for the next gateway.
        if (this.#core.state === 'disconnected') throw error;
        refused.push(next);
      }
      this.#toRestore.shift();
    }
    const moved = this.#places.current!;
    this.#guard(() => this.#options.onMoved?.(moved, refused));
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      const { onHandlerError = (thrown: unknown) => console.error(thrown) } = this.#options;
      onHandlerError(error);
    }
  }

  // ---- asking ----------------------------------------------------------------------------------------------------------

  #asked<Value>(ask: (settle: Settle<Value>, nowMs: number) => void): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      ask((error, value) => (error === null ? resolve(value as Value) : reject(error)), performance.now());
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#channel !== null) this.#alarm.arm(this.#core.deadlines.nextMs(), performance.now());
  }
}

function closedError(): SnClientError {
  return new SnClientError('DISCONNECTED', 'the client was closed');
}

function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === 'string' ? encoder.encode(payload) : payload;
}

/** Programs without types say anything. @throws {SnClientError} `INVALID_ARGUMENT` */
function checkQos(qos: unknown): void {
  if (qos === undefined || qos === 0 || qos === 1 || qos === 2) return;
  throw invalid(`qos: expected 0, 1 or 2 (publishUnconnected sends at -1), got ${String(qos)}`);
}
