/**
 * The broker's habits where the specification leaves a choice, in one table, so that a broker can be told to behave
 * like another one. Limits are in limits.ts.
 */
import type { ConnackProperties } from '@martlet/protocol';
import type { DurabilityName } from '../ports/durability.ts';
import type { Limits } from './limits.ts';
import type { Rates } from './rates.ts';

/** What a habit's value may be where it is not one of a few. */
export type HabitType =
  | 'number'
  | 'text'
  | 'list of CONNACK properties'
  | 'list of topic filters, each with a durability'
  | 'list of topic filters, each with what a full queue does'
  | 'list of topic prefixes, each with messages and bytes'
  | 'list of drop reasons';

export interface HabitRow<Value> {
  readonly default: Value;
  readonly values: readonly Value[] | HabitType;
  readonly text: string;
}

export type FullQueue = 'drop-oldest' | 'drop-newest';
export type ShareBalancing = 'round-robin' | 'least-in-flight';

/** What acknowledgements promise of messages whose topic names match a topic filter. */
export interface TopicDurability {
  /** Not a shared one. */
  readonly topicFilter: string;
  readonly durability: DurabilityName;
}

/**
 * What becomes of a message whose topic name matches, for a recipient whose queue is full: the publisher is refused and
 * nobody gets it; the oldest or this one is dropped; or, also before the queue is full, it takes the place of the message
 * of the same topic that waits.
 */
export const WHEN_FULL = ['reject', 'drop-oldest', 'drop-newest', 'keep-latest'] as const;
export type WhenFull = (typeof WHEN_FULL)[number];

export interface QueuePolicy {
  /** Not a shared one. */
  readonly topicFilter: string;
  readonly whenFull: WhenFull;
  /**
   * So many messages that wait, of whatever topic, are enough for the queue to be full for these. Not for `drop-oldest` and
   * `keep-latest`, which would give up messages of others. @default the limit `queuedMessages`
   */
  readonly messages?: number | undefined;
  /** The same in bytes. @default the limit `queuedBytes` */
  readonly bytes?: number | undefined;
}

/** What may be retained under a topic, itself included. */
export interface RetainedQuota {
  /** Whole levels without wildcards, such as `sensors/roof`; a slash at the end means nothing. */
  readonly topicPrefix: string;
  /** @default any number */
  readonly messages?: number | undefined;
  /** Of messages with their topic names. @default any number */
  readonly bytes?: number | undefined;
}

export interface Habits {
  /**
   * What an acknowledgement promises, where neither the topic nor the listener says otherwise: kept on the disk, synced;
   * handed to the operating system; or in memory only.
   */
  readonly durability: DurabilityName;
  /** The first entry whose topic filter matches decides for a message, before its publisher's listener. */
  readonly topicDurability: readonly TopicDurability[];
  /** What a full queue drops. */
  readonly fullQueue: FullQueue;
  /** The first entry whose topic filter matches decides for a message, before `fullQueue`. */
  readonly queues: readonly QueuePolicy[];
  /** All entries that a topic name is under hold for it. */
  readonly retainedQuotas: readonly RetainedQuota[];
  /**
   * Where messages are published that were dropped: `{this}/{reason}/{topic name}`; empty: nowhere. Under `$…` only who asks
   * for it gets it.
   */
  readonly deadLetterPrefix: string;
  /** For which reasons, by their codes; empty: for all but `no-matching-subscribers`. */
  readonly deadLetterReasons: readonly string[];
  /** Which member of a shared group gets the next message, of those that can take it at once. */
  readonly shareBalancing: ShareBalancing;
  /** Whether QoS 0 messages wait in the queue of a session that is offline, or of a shared group whose members all are. */
  readonly queueQos0: boolean;
  /** Whether a message is delivered at the QoS of the subscription, also if it was published at a lower one. */
  readonly upgradeOutgoingQos: boolean;
  /** Whether a client with overlapping subscriptions gets a message once for each; else once in all. */
  readonly deliverOverlapping: boolean;
  /** Whether a retained message is shown only while its publisher may still publish it; known for what came since the start. */
  readonly checkRetainSource: boolean;
  /** Whether PUBACK and PUBREC tell an MQTT 5 publisher 0x10 No matching subscribers. */
  readonly tellNoMatchingSubscribers: boolean;
  /** Whether CONNACK tells an MQTT 5 client, in a User Property, what acknowledgements promise. */
  readonly tellDurability: boolean;
  /** Whether what refuses something, or ends a connection, tells an MQTT 5 client why in words. Counts for new connections. */
  readonly tellReasons: boolean;
  /** Told in Response Information to MQTT 5 clients that ask, followed by their client identifier; empty: not told. */
  readonly responseTopicPrefix: string;
  /** Seconds between updates of `$SYS/broker/...`; 0 switches them off. */
  readonly sysInterval: number;
  /** What `$SYS/broker/version` says; empty: `martlet version` and the version. */
  readonly sysVersion: string;
  /** How long after a restart clients that were connected may come back before their wills are published, in ms. */
  readonly willGraceMs: number;
  /** In which order CONNACK carries its properties; those not named follow. */
  readonly connackOrder: readonly (keyof ConnackProperties)[];
}

export const HABITS: { readonly [Name in keyof Habits]: HabitRow<Habits[Name]> } = {
  durability: {
    default: 'disk',
    values: ['disk', 'os', 'memory'],
    text: 'what an acknowledgement promises: on the disk, synced; handed to the operating system; in memory only. An option of each listener, too',
  },
  topicDurability: {
    default: [],
    values: 'list of topic filters, each with a durability',
    text: 'the first entry whose topic filter matches decides for a message, before the listener and `durability`',
  },
  fullQueue: {
    default: 'drop-oldest',
    values: ['drop-oldest', 'drop-newest'],
    text: 'what a full queue of a session or shared group drops',
  },
  queues: {
    default: [],
    values: 'list of topic filters, each with what a full queue does',
    text: 'the first entry whose topic filter matches decides what a full queue does with a message, before `fullQueue`: `reject` the publisher (0x97 Quota exceeded; before MQTT 5.0 its connection ends), `drop-oldest`, `drop-newest`, or `keep-latest`, which lets a message take the place of the one of its topic that waits, also before the queue is full',
  },
  retainedQuotas: {
    default: [],
    values: 'list of topic prefixes, each with messages and bytes',
    text: 'what may be retained under a topic; beyond it a message is routed but not retained (retained-limit), and PUBACK or PUBREC name the prefix',
  },
  deadLetterPrefix: {
    default: '',
    values: 'text',
    text: 'where messages are published that were dropped: this, the reason, the topic name, such as `$dead-letter/expired/a/b`; empty: nowhere',
  },
  deadLetterReasons: {
    default: [],
    values: 'list of drop reasons',
    text: 'the reasons for which dropped messages are published there; none: all but `no-matching-subscribers`',
  },
  shareBalancing: {
    default: 'round-robin',
    values: ['round-robin', 'least-in-flight'],
    text: 'which member of a shared group gets the next message, of those that can take it at once',
  },
  queueQos0: {
    default: false,
    values: [false, true],
    text: 'whether QoS 0 messages wait in the queue of a session, or shared group, that is offline',
  },
  upgradeOutgoingQos: {
    default: false,
    values: [false, true],
    text: 'whether a message is delivered at the QoS of the subscription also if it was published at a lower one, which MQTT does not allow',
  },
  deliverOverlapping: {
    default: false,
    values: [false, true],
    text: 'whether a client with overlapping subscriptions gets a message once for each of them; else once, at the highest QoS',
  },
  checkRetainSource: {
    default: false,
    values: [false, true],
    text: 'whether a retained message is shown only while the client that published it may still publish there; of what was retained before the last start nobody knows who it was, and it is shown',
  },
  tellNoMatchingSubscribers: {
    default: true,
    values: [false, true],
    text: 'whether PUBACK and PUBREC tell an MQTT 5 publisher that nobody is subscribed (0x10)',
  },
  tellDurability: {
    default: true,
    values: [true, false],
    text: 'whether CONNACK tells an MQTT 5 client, in a User Property, what acknowledgements promise',
  },
  tellReasons: {
    default: true,
    values: [true, false],
    text: 'whether what refuses something, or ends a connection, tells an MQTT 5 client why in words (Reason String)',
  },
  responseTopicPrefix: {
    default: '$response/',
    values: 'text',
    text: 'Response Information for MQTT 5 clients that ask: this, then the client identifier; empty: none',
  },
  sysInterval: {
    default: 10,
    values: 'number',
    text: 'seconds between updates of $SYS/broker topics; 0: none',
  },
  sysVersion: {
    default: '',
    values: 'text',
    text: 'what $SYS/broker/version says; empty: `martlet version` and the version',
  },
  willGraceMs: {
    default: 30_000,
    values: 'number',
    text: 'ms after a restart in which a client may return before its will is published',
  },
  connackOrder: {
    default: [],
    values: 'list of CONNACK properties',
    text: 'in which order CONNACK carries its properties; those not named follow',
  },
};

/** All options of the core, resolved: what the host made of the defaults and of what it was given. */
export interface Profile extends Habits {
  readonly limits: Limits;
  readonly rates: Rates;
}
