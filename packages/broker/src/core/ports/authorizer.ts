import type { ReasonCode } from '@martlet/protocol';
import type { Origin } from './transport.ts';

/** Who asks. One object per connection: an authoriser may remember things by it in a WeakMap. */
export interface ClientIdentity {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly origin: Origin;
  readonly peer: string;
}

export interface AuthorizationRequest {
  readonly client: ClientIdentity;
  readonly action: 'publish' | 'subscribe' | 'will';
  /** The topic name (publish, will) or the topic filter with its `$share` prefix (subscribe). */
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export type AuthorizationAnswer =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reasonCode?: ReasonCode; readonly reasonString?: string };

/**
 * Decides what a connected client may do. A decision may be remembered per connection, topic, QoS and retain flag
 * until `Broker.forgetRights()`.
 */
export interface Authorizer {
  /**
   * Answers at once, or returns undefined and calls `answer` once, later, never from inside this call.
   * Until then nothing more is read from this connection.
   */
  authorize(
    request: AuthorizationRequest,
    answer: (answer: AuthorizationAnswer) => void,
  ): AuthorizationAnswer | undefined;
}
