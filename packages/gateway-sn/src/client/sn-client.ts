/** A client of MQTT-SN for Node.js: promises over the core, and Node's clock. */

import type { WillTopic } from '../core/codec/message.ts';
import { GatewayAlarm } from '../host/gateway-alarm.ts';
import type { DatagramChannel, OpenChannel } from './datagram-channel.ts';
import { SnClientCore } from './sn-client-core.ts';
import { SnClientError } from './sn-client-error.ts';
import type {
  Settle,
  SnClientOptions,
  SnClientState,
  SnMessageReceived,
  SnTopic,
} from './sn-client-options.ts';
import { udpChannel } from './udp-channel.ts';

export interface SnConnectOptions extends SnClientOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default 1883 */
  readonly port?: number;
  /** Instead of UDP to `host` and `port`. */
  readonly channel?: OpenChannel;
  readonly onMessage?: (message: SnMessageReceived) => void;
  /** The connection is over without `disconnect`. */
  readonly onLost?: (error: SnClientError) => void;
}

export interface SnPublishOptions {
  /** @default 0 */
  readonly qos?: 0 | 1 | 2;
  /** @default false */
  readonly retain?: boolean;
}

const encoder = new TextEncoder();

/**
 * Connects to a gateway. Rejects with an `SnClientError`: `GATEWAY_LOST` if it does not answer, or what it answered.
 *
 * @example
 * const client = await connectSn({ clientId: 'thermometer', onMessage: (message) => console.log(message.topicName) });
 * await client.subscribe('home/+/set', 1);
 * await client.publish('home/kitchen/temperature', '21.5', { qos: 1 });
 * await client.sleep(300);
 * await client.checkMessages();
 * await client.disconnect();
 */
export async function connectSn(options: SnConnectOptions): Promise<SnClient> {
  const { host = '127.0.0.1', port = 1883, channel = udpChannel(host, port) } = options;
  const client = new SnClient(options);
  await client.open(channel);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

export class SnClient {
  readonly #core: SnClientCore;
  readonly #alarm: GatewayAlarm;
  #channel: DatagramChannel | null = null;

  /** @see connectSn */
  constructor(options: SnConnectOptions) {
    this.#alarm = new GatewayAlarm(() => {
      this.#core.tick(performance.now());
      this.#arm();
    });
    this.#core = new SnClientCore(options, {
      send: (bytes) => this.#channel?.send(bytes),
      onMessage: (message) => options.onMessage?.(message),
      onLost: (error) => options.onLost?.(error),
    });
  }

  get state(): SnClientState {
    return this.#core.state;
  }

  /** Opens the way to the gateway. */
  async open(channel: OpenChannel): Promise<void> {
    this.#channel = await channel(
      (bytes) => {
        this.#core.receive(bytes, performance.now());
        this.#arm();
      },
      (error) => this.#core.onChannelClosed(error),
    );
  }

  /** Connects, again if it was connected before; a sleeper wakes for good. */
  connect(): Promise<void> {
    return this.#asked((settle, nowMs) => this.#core.connect(settle, nowMs));
  }

  /** @returns the identifier of the topic */
  register(topicName: string): Promise<number> {
    return this.#asked((settle, nowMs) => this.#core.register(topicName, settle, nowMs));
  }

  /** Fulfils when the message has been sent (QoS 0), or is the broker's (QoS 1 and 2). */
  publish(topic: SnTopic, payload: Uint8Array | string, options: SnPublishOptions = {}): Promise<void> {
    const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload;
    return this.#asked((settle, nowMs) => this.#core.publish(topic, bytes, options, settle, nowMs));
  }

  /** @returns the QoS that was granted */
  subscribe(topic: SnTopic, qos: 0 | 1 | 2 = 0): Promise<0 | 1 | 2> {
    return this.#asked((settle, nowMs) => this.#core.subscribe(topic, qos, settle, nowMs));
  }

  unsubscribe(topic: SnTopic): Promise<void> {
    return this.#asked((settle, nowMs) => this.#core.unsubscribe(topic, settle, nowMs));
  }

  /** Sleeps: the gateway keeps what comes, for up to so many seconds. */
  sleep(seconds: number): Promise<void> {
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > 65_535) {
      const text = `sleep: expected whole seconds from 1 to 65535, got ${seconds}`;
      return Promise.reject(new SnClientError('INVALID_ARGUMENT', text));
    }
    return this.#asked((settle, nowMs) => this.#core.sleep(seconds, settle, nowMs));
  }

  /** Gets what came while it slept, and sleeps again. */
  checkMessages(): Promise<void> {
    return this.#asked((settle, nowMs) => this.#core.checkMessages(settle, nowMs));
  }

  /** @param will null deletes the will */
  updateWillTopic(will: WillTopic | null): Promise<void> {
    return this.#asked((settle, nowMs) => this.#core.updateWillTopic(will, settle, nowMs));
  }

  updateWillMessage(payload: Uint8Array | string): Promise<void> {
    const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload;
    return this.#asked((settle, nowMs) => this.#core.updateWillMessage(bytes, settle, nowMs));
  }

  /** Says goodbye, and closes the way to the gateway. */
  async disconnect(): Promise<void> {
    await this.#asked<void>((settle, nowMs) => this.#core.disconnect(settle, nowMs));
    await this.close();
  }

  /** Goes without a word: the gateway finds out, and publishes the will. */
  async close(): Promise<void> {
    this.#alarm.stop();
    const channel = this.#channel;
    this.#channel = null;
    await channel?.close();
  }

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
