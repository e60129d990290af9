import type { ReasonCode } from '@martlet/protocol';
import type { Origin, TransportSecurity } from './transport.ts';

/** The rule that decided, as an operator wrote it. Never holds a secret. */
export interface RuleReference {
  /** The file as it is configured, or what else holds the rule, such as `dynamic security` or `token of the client`. */
  readonly source: string;
  /** Counted from 1; undefined where there are no lines. */
  readonly line: number | undefined;
  /** As written, such as `topic readwrite sensors/#`. */
  readonly text: string;
}

/** Who asks. One object per connection: an authoriser may remember things by it in a WeakMap. */
export interface ClientIdentity {
  readonly clientId: string;
  /** As authenticated; undefined for an anonymous client. */
  readonly username: string | undefined;
  readonly protocolVersion: 3 | 4 | 5;
  readonly origin: Origin;
  readonly peer: string;
  readonly proxyPeer: string | undefined;
  readonly security: TransportSecurity | undefined;
  /** Of which the authenticator said that the client is a member; empty if it said nothing. */
  readonly groups: readonly string[];
  /** What the authenticator left for the authoriser, such as a token's claims; undefined if nothing. */
  readonly permissions: unknown;
}

/**
 * `publish`, `will`: a message, when it comes, or with the CONNECT that leaves it. `subscribe`, `unsubscribe`: a topic
 * filter. `receive`: messages of one topic, through whichever subscription.
 */
export type AuthorizedAction = 'publish' | 'subscribe' | 'unsubscribe' | 'receive' | 'will';

/** What a client wants to do, as an authoriser is asked. */
export interface AuthorizationRequest {
  readonly client: ClientIdentity;
  readonly action: AuthorizedAction;
  /**
   * The topic name (publish, receive, will) or the topic filter with its `$share` prefix (subscribe, unsubscribe). A
   * listener's mount point is in front of it.
   */
  readonly topic: string;
  /** Of the message or subscription; 0 for unsubscribe and receive. */
  readonly qos: 0 | 1 | 2;
  /** Of the message; false for the other actions. */
  readonly retain: boolean;
}

/** What an authoriser says; a refusal may have its reason and its rule. */
export type AuthorizationAnswer =
  | {
      readonly allowed: true;
      /** To `subscribe`: the highest QoS to grant. @default as asked for */
      readonly qos?: 0 | 1 | 2;
      readonly rule?: RuleReference;
    }
  | {
      readonly allowed: false;
      /** @default 0x87 Not authorized */
      readonly reasonCode?: ReasonCode;
      /** Told to MQTT 5 clients. @default 'not authorized' */
      readonly reasonString?: string;
      readonly rule?: RuleReference;
    };

/** The actions that only some authorisers have an opinion about. */
export interface OptionalQuestions {
  /** Answered at once, always: the question comes while a message is on its way. @default false: all are allowed */
  readonly receive?: boolean;
  /** @default false: all are allowed */
  readonly unsubscribe?: boolean;
}

/**
 * Decides what a connected client may do. A decision may be remembered per connection, topic, QoS and retain flag
 * until `Broker.forgetRights()`.
 */
export interface Authorizer {
  /** Asked about these actions, too. @default about none of them */
  readonly asks?: OptionalQuestions;

  /**
   * Answers at once, or returns undefined and calls `answer` once, later, never from inside this call.
   * Until then nothing more is read from this connection.
   */
  authorize(
    request: AuthorizationRequest,
    answer: (answer: AuthorizationAnswer) => void,
  ): AuthorizationAnswer | undefined;
}
