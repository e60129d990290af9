/**
 * How much one client, user, listener or address may do: one table of bounds, none of which is set by default. Rates are
 * token buckets: so much a second in the long run, and at once what `burstSeconds` of it are.
 */

/** For whom a rate is counted. A client is a client identifier, an address one of IPv4 or a /64 network of IPv6. */
export const RATE_SCOPES = ['perClient', 'perUser', 'perListener', 'perAddress'] as const;
export type RateScope = (typeof RATE_SCOPES)[number];

/**
 * What happens to what a client publishes beyond its rate: its connection is not read until there is room; it is
 * disconnected; or the message is dropped, and refused where it can be.
 */
export const WHEN_EXCEEDED = ['wait', 'disconnect', 'drop'] as const;
export type WhenExceeded = (typeof WHEN_EXCEEDED)[number];

export interface RateRow {
  /** Null: no bound. */
  readonly default: number | null;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  /** Where it can be set. */
  readonly scopes: readonly RateScope[];
  /** What it bounds. */
  readonly text: string;
  /** What happens at the bound. */
  readonly effect: string;
}

const REFUSED_CONNECT =
  'CONNECT is refused with 0x9F Connection rate exceeded (return code 3 before MQTT 5.0)';
const EXCEEDED =
  'as `whenExceeded` says: `wait` (the connection is not read until there is room), `disconnect` (0x96 Message rate too high), `drop` (incoming-rate; QoS 1 and 2 are refused with 0x97 Quota exceeded, before MQTT 5.0 the connection ends)';
const HELD_BACK =
  'QoS 1 and 2 wait in the queue; QoS 0 is dropped (outgoing-rate), or waits where `queueQos0` is set';
const EVERYWHERE: readonly RateScope[] = ['perClient', 'perUser', 'perListener', 'perAddress'];

export type RateName =
  | 'connections'
  | 'connectsPerSecond'
  | 'connectsPerMinute'
  | 'messagesInPerSecond'
  | 'bytesInPerSecond'
  | 'messagesOutPerSecond'
  | 'bytesOutPerSecond'
  | 'burstSeconds'
  | 'subscriptions';

export const RATES: { readonly [Name in RateName]: RateRow } = {
  connections: {
    default: null,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'connections',
    scopes: ['perUser', 'perListener', 'perAddress'],
    text: 'open connections of clients: at an address and a listener those whose CONNECT was let in, of a user those that are accepted. A client that comes again takes the place of its own',
    effect:
      'CONNECT is refused with 0x97 Quota exceeded (return code 3 before MQTT 5.0); beyond twice as many network connections of an address or listener, one is closed at once',
  },
  connectsPerSecond: {
    default: null,
    minimum: 0.001,
    maximum: 1_000_000,
    unit: 'a second',
    scopes: EVERYWHERE,
    text: 'connections that are begun (address, listener) or accepted (client, user)',
    effect: REFUSED_CONNECT,
  },
  connectsPerMinute: {
    default: null,
    minimum: 0.001,
    maximum: 1_000_000,
    unit: 'a minute',
    scopes: EVERYWHERE,
    text: 'the same for a minute, all of which may come at once',
    effect: REFUSED_CONNECT,
  },
  messagesInPerSecond: {
    default: null,
    minimum: 0.001,
    maximum: 1_000_000_000,
    unit: 'a second',
    scopes: EVERYWHERE,
    text: 'PUBLISH packets from clients',
    effect: EXCEEDED,
  },
  bytesInPerSecond: {
    default: null,
    minimum: 1,
    maximum: 1_000_000_000_000,
    unit: 'bytes a second',
    scopes: EVERYWHERE,
    text: 'bytes of packets of every type from connected clients',
    effect: EXCEEDED,
  },
  messagesOutPerSecond: {
    default: null,
    minimum: 0.001,
    maximum: 1_000_000_000,
    unit: 'a second',
    scopes: EVERYWHERE,
    text: 'PUBLISH packets to clients',
    effect: HELD_BACK,
  },
  bytesOutPerSecond: {
    default: null,
    minimum: 1,
    maximum: 1_000_000_000_000,
    unit: 'bytes a second',
    scopes: EVERYWHERE,
    text: 'bytes of PUBLISH packets to clients',
    effect: HELD_BACK,
  },
  burstSeconds: {
    default: 1,
    minimum: 0.001,
    maximum: 86_400,
    unit: 's',
    scopes: EVERYWHERE,
    text: 'what was not used in so many seconds may come at once, at least one message',
    effect: 'what was not used before that is forgotten',
  },
  subscriptions: {
    default: null,
    minimum: 0,
    maximum: 1_000_000_000,
    unit: 'subscriptions',
    scopes: EVERYWHERE,
    text: 'subscriptions of those that are connected',
    effect: 'SUBACK answers 0x97 Quota exceeded (0x80 before MQTT 5.0)',
  },
};

/** What one client, user, listener or address may do. Null: no bound. */
export type RateSet = {
  readonly [Name in Exclude<RateName, 'burstSeconds'>]: number | null;
} & {
  readonly burstSeconds: number;
  readonly whenExceeded: WhenExceeded;
};

/** The same as it is given: everything may be left out, and null is no bound. */
export type RateSetOptions = { readonly [Name in keyof RateSet]?: RateSet[Name] | null | undefined };

/** Rates as an application or a configuration gives them. */
export interface RatesOptions {
  /** Each client identifier. */
  readonly perClient?: RateSetOptions | undefined;
  /** All connections of one user name together. */
  readonly perUser?: RateSetOptions | undefined;
  /** All connections of one listener together; its own policy comes before this, entry by entry. */
  readonly perListener?: RateSetOptions | undefined;
  /** All connections of one IPv4 address, or of one /64 network of IPv6. */
  readonly perAddress?: RateSetOptions | undefined;
  /** For these users, before `perUser`: what is left out here is as there. */
  readonly users?: { readonly [username: string]: RateSetOptions } | undefined;
}

/** Resolved. Null where nothing is bounded, so that nothing is counted either. */
export interface Rates {
  readonly perClient: RateSet | null;
  readonly perUser: RateSet | null;
  readonly perListener: RateSet | null;
  readonly perAddress: RateSet | null;
  /** Null for a user that nothing bounds. */
  readonly users: ReadonlyMap<string, RateSet | null>;
}
