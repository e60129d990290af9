/** What a client of MQTT-SN is told, and what it tells. */
import type { WillTopic } from '../core/codec/message.ts';
import type { SnClientError } from './sn-client-error.ts';

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
