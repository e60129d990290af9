/**
 * Why a message did or did not arrive, as data: what is decided now, by which rule, who gets it, what is in the way, and what
 * was dropped or refused lately. No secret is in it.
 */
import type { ReasonCode } from '@martlet/protocol';
import type { WhenFull } from '../options/profile.ts';
import type { WhenExceeded } from '../options/rates.ts';
import type { RuleReference } from '../ports/authorizer.ts';
import type { QoS } from '../publish/message.ts';
import type { NotedRefusal } from '../telling/refusals.ts';

/** Who to take the client for, instead of who it is or was: for one that never came. */
export interface GivenIdentity {
  /** @default none: anonymous */
  readonly username?: string | undefined;
  /** @default '' */
  readonly peer?: string | undefined;
  /** The listener's name. @default '' */
  readonly listener?: string | undefined;
  /** @default none */
  readonly groups?: readonly string[] | undefined;
  /** @default 5 */
  readonly protocolVersion?: 3 | 4 | 5 | undefined;
}

/** What `Broker.explain` is asked: about which client, which topic, and which way. */
export interface ExplanationQuery {
  readonly clientId: string;
  /** As the client names it: without its listener's mount point. */
  readonly topicName: string;
  readonly action: 'publish' | 'receive';
  /** Of the message. @default 0 */
  readonly qos?: QoS | undefined;
  /** Of the message. @default false */
  readonly retain?: boolean | undefined;
  readonly identity?: GivenIdentity | undefined;
}

/** Something that is, or may be, in the way. */
export interface Obstacle {
  /**
   * Stable: a drop reason's code, or one of `unknown-client`, `not-connected`, `topic-invalid`,
   * `not-subscribed`, `shared`, `control`, `no-local`, `qos-not-supported`, `retain-not-supported`, `waits`.
   */
  readonly code: string;
  readonly text: string;
  /** What to do about it; empty if nothing needs to be done. */
  readonly remedy: string;
  /** False: the message is held up, or lost for some only. */
  readonly stops: boolean;
  readonly rule: RuleReference | null;
}

/** Who the client is, and from where that is known. */
export interface ExplainedIdentity {
  /** Of the connection, of the last one that is remembered, as given, or of nobody that is known. */
  readonly source: 'connection' | 'last connection' | 'given' | 'unknown';
  readonly username: string | null;
  readonly peer: string;
  readonly listener: string;
  readonly groups: readonly string[];
  readonly protocolVersion: 3 | 4 | 5;
}

/** Whether it may, who says so, and by which rule. */
export interface ExplainedDecision {
  readonly allowed: boolean;
  /** Who decided: the authoriser, the broker itself (`$SYS/`), or nobody because everything is allowed. */
  readonly by: 'authorizer' | 'broker' | 'nobody';
  readonly reasonCode: ReasonCode | null;
  readonly reason: string;
  readonly rule: RuleReference | null;
}

/** What waits for a session, and what happens when it is full. */
export interface ExplainedQueue {
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  /** What a queue may hold for messages of this topic. */
  readonly maximumMessages: number;
  readonly maximumBytes: number;
  readonly whenFull: WhenFull;
  /** Of the policy that says so; null: the general one. */
  readonly policyFilter: string | null;
  readonly full: boolean;
}

/** A rate that holds for the client: its own, its user's, its address's or its listener's. */
export interface ExplainedRate {
  /** Such as `user "anna"`. */
  readonly of: string;
  readonly whenExceeded: WhenExceeded;
  /** Ms until it may publish, or be sent something, again; 0: now. */
  readonly incomingWaitMs: number;
  readonly outgoingWaitMs: number;
}

/** The session of the client, as it is now. */
export interface ExplainedSession {
  readonly connected: boolean;
  /** When it connected, or went; null if that is not known. */
  readonly sinceWallMs: number | null;
  /** When the session ends if the client stays away; null: never, or not while it is connected. */
  readonly endsAtWallMs: number | null;
  /** It is in the store, and outlives its connection. */
  readonly kept: boolean;
  readonly subscriptions: number;
  readonly queue: ExplainedQueue;
  readonly inFlightMessages: number;
  readonly inFlightBytes: number;
  /** Messages that may be in flight; null while it is away. */
  readonly maximumInFlight: number | null;
  /** Output that waits; null while it is away. */
  readonly outboxBytes: number | null;
  /** It reads too slowly: what it was sent has not left. */
  readonly blocked: boolean;
  readonly rates: readonly ExplainedRate[];
}

/** A subscription that matches the topic. */
export interface ExplainedSubscription {
  /** With `$share/name/` if shared. */
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly shared: boolean;
}

/** Who would get what is published: a session, or a shared subscription. */
export interface ExplainedRecipient {
  /** Of a session; of a shared subscription `$share/name/filter`. */
  readonly recipient: string;
  readonly connected: boolean;
  readonly subscriptions: readonly ExplainedSubscription[];
  /** The QoS at which it gets the message. */
  readonly qos: QoS;
  readonly obstacle: Obstacle | null;
}

/** The message that is retained on the topic. */
export interface ExplainedRetained {
  readonly qos: QoS;
  readonly bytes: number;
  /** Null: never. */
  readonly expiresAtWallMs: number | null;
}

/** Messages that were dropped lately for one reason. */
export interface ExplainedDrop {
  readonly reason: string;
  /** The recipient, or for some reasons the publisher. */
  readonly clientId: string;
  /** Empty if it is not known of each. */
  readonly topicName: string;
  readonly count: number;
  readonly firstAtWallMs: number;
  readonly lastAtWallMs: number;
  readonly text: string;
  readonly detail: string;
  readonly remedy: string;
}

/** Why a message does or does not arrive, as data: what `martlet why` prints. Nothing is done by asking. */
export interface Explanation {
  readonly clientId: string;
  readonly action: 'publish' | 'receive';
  /** As the broker routes it: with the mount point. */
  readonly topicName: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly atWallMs: number;
  /** The answer in one sentence. */
  readonly conclusion: string;
  /** Whether it would arrive if it came now: at anybody (publish), at this client (receive). */
  readonly arrives: boolean;
  readonly obstacles: readonly Obstacle[];
  /** Null if the client has none. */
  readonly session: ExplainedSession | null;
  readonly identity: ExplainedIdentity;
  /** About publishing; about receiving where the authoriser has an opinion about that, else about the subscription. */
  readonly decision: ExplainedDecision;
  /** Of this client, those that match; to publish, none. */
  readonly subscriptions: readonly ExplainedSubscription[];
  /** To publish: who would get it, the first of them. */
  readonly recipients: readonly ExplainedRecipient[];
  readonly recipientCount: number;
  /** What is retained on the topic now. */
  readonly retained: ExplainedRetained | null;
  /** Latest first. */
  readonly drops: readonly ExplainedDrop[];
  readonly refusals: readonly NotedRefusal[];
}
