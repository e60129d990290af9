/** What a client of MQTT-SN is told, and what it tells. */
import type { WillTopic } from '../core/codec/message.ts';
import type { SnClientError } from './sn-client-error.ts';

/** `awake` is a sleeper that gets what waited for it. */
export type SnClientState = 'disconnected' | 'active' | 'asleep' | 'awake';

export interface SnClientOptions {
  /** 1 to 23 characters in the specification; gateways take more. */
  readonly clientId: string;
  /** Whether the gateway forgets subscriptions, and what waits, when the client connects. @default true */
  readonly cleanSession?: boolean;
  /** Seconds, 0 to 65,535; who is not heard for so long is lost, and its will is published. 0: never. @default 60 */
  readonly keepAlive?: number;
  /** Published when this client is lost. */
  readonly will?: { readonly topic: WillTopic; readonly payload: Uint8Array };
  /** T_retry, in ms: how long an answer is waited for. @default 10,000 */
  readonly retryMs?: number;
  /** N_retry: how often a request is sent again before the gateway is lost. @default 3 */
  readonly retries?: number;
  /** T_WAIT, in ms: how long a gateway that has no room is left alone. @default 300,000 */
  readonly waitMs?: number;
  /** Topics that both sides know, by their identifiers. */
  readonly predefinedTopics?: ReadonlyMap<number, string>;
}

/** A message that came. */
export interface SnMessageReceived {
  /** As far as it is known: a predefined topic that nobody told of is `predefined:` and its identifier. */
  readonly topicName: string;
  /** Its own memory: it may be kept. */
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  /** It was published before this client subscribed, and kept. */
  readonly retain: boolean;
  /** The gateway has sent it before; at QoS 1 it may have been told before. */
  readonly dup: boolean;
}

export interface SnPublishOptions {
  /** @default 0 */
  readonly qos?: 0 | 1 | 2;
  /** Whether the broker keeps it for who subscribes later; an empty one deletes what is kept. @default false */
  readonly retain?: boolean;
  /**
   * What becomes of it while the gateway has no room: `fail` at once with `CONGESTION`, which says for how long, or `wait`
   * and be sent then. Messages that wait keep their order among each other.
   * @default 'fail'
   */
  readonly whenCongested?: 'fail' | 'wait';
}

/** What the core tells its host; never from inside a call that returns something. */
export interface SnClientHost {
  /** Bytes of the longest message that the way to the gateway carries. @default 65,535 */
  readonly maximumMessageBytes?: number;
  send(bytes: Uint8Array): void;
  /** Is acknowledged when this returns. */
  onMessage(message: SnMessageReceived): void;
  /** The connection is over without its doing: the gateway said so, or did not answer. */
  onLost(error: SnClientError): void;
}

/** How something ended. */
export type Settle<Value> = (error: SnClientError | null, value?: Value) => void;

/** Where something is published or subscribed to. */
export type SnTopic =
  | string
  /** 1 to 65,534. */
  | { readonly predefined: number }
  /** Exactly two bytes. */
  | { readonly short: string };
