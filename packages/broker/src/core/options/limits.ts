/**
 * Every bound of the broker, in one table: validation, documentation (docs/limits.md) and the command line read it.
 * What a limit refuses or drops is counted by reason (see outcomes.ts) or told in a reason code.
 */
export interface LimitRow {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  /** What it bounds. */
  readonly text: string;
  /** What happens at the limit. */
  readonly effect: string;
}

export const LIMITS = {
  connections: {
    default: 100_000,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'connections',
    text: 'open network connections',
    effect: 'a new one is closed at once; counted as connections refused',
  },
  sessions: {
    default: 1_000_000,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'sessions',
    text: 'sessions, connected or not',
    effect: 'CONNECT of a new client is refused with 0x97 Quota exceeded (return code 3 before MQTT 5.0)',
  },
  maximumPacketSize: {
    default: 16_777_216,
    minimum: 256,
    maximum: 268_435_460,
    unit: 'bytes',
    text: 'one packet from a client; told in CONNACK',
    effect: 'the connection ends with 0x95 Packet too large before the packet is buffered',
  },
  messageSize: {
    default: 268_435_455,
    minimum: 0,
    maximum: 268_435_455,
    unit: 'bytes',
    text: 'the payload of one message from a client, will included (maximumPacketSize bounds it more cheaply)',
    effect:
      'the message is dropped (payload-too-large); PUBACK and PUBREC say 0x83 Implementation specific error, before MQTT 5.0 nothing is told; CONNECT with such a will is refused with 0x95 Packet too large',
  },
  connectPacketSize: {
    default: 262_144,
    minimum: 256,
    maximum: 268_435_460,
    unit: 'bytes',
    text: 'the CONNECT packet and what else a client sends before it is accepted',
    effect: 'the connection ends with 0x95 Packet too large before the packet is buffered',
  },
  connectTimeoutMs: {
    default: 10_000,
    minimum: 10,
    maximum: 3_600_000,
    unit: 'ms',
    text: 'from the network connection to an accepted CONNECT, authentication included',
    effect: 'the connection is closed; counted as connect timeouts',
  },
  closeTimeoutMs: {
    default: 10_000,
    minimum: 10,
    maximum: 3_600_000,
    unit: 'ms',
    text: 'for the last output to reach a client that reads too slowly, once the broker ends its connection; for the store to keep what waits, once the broker is closed',
    effect:
      'the connection is destroyed, and what has not left is lost; who published what is not kept is told',
  },
  maximumKeepAlive: {
    default: 65_535,
    minimum: 1,
    maximum: 65_535,
    unit: 's',
    text: 'the keep alive a client may ask for (65,535: any, 0 included)',
    effect: 'MQTT 5 clients are told this one in CONNACK, older ones are refused with return code 2',
  },
  maximumSessionExpiryInterval: {
    default: 0xffffffff,
    minimum: 0,
    maximum: 0xffffffff,
    unit: 's',
    text: 'the Session Expiry Interval a client may ask for (4,294,967,295: never)',
    effect: 'a longer one is cut to this, and CONNACK tells',
  },
  outboxBytes: {
    default: 4_194_304,
    minimum: 1024,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'output that waits for one connection whose client reads too slowly',
    effect:
      'QoS 0 messages to it are dropped (outbox-full), QoS 1 and 2 wait in its queue; after as many bytes of answers that it has not read, nothing more is read from it',
  },
  outboxBytesInAll: {
    default: 536_870_912,
    minimum: 1024,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'output that waits for all slow connections together',
    effect: 'QoS 0 messages to slow connections are dropped (outbox-full), QoS 1 and 2 wait in their queues',
  },
  queuedMessages: {
    default: 100_000,
    minimum: 0,
    maximum: 1_000_000_000,
    unit: 'messages',
    text: 'messages that wait for one session or shared group',
    effect:
      'the oldest is dropped (queue-full-dropped-oldest), or the newest (queue-full-dropped-newest): see fullQueue; of a group: group-full',
  },
  queuedBytes: {
    default: 268_435_456,
    minimum: 0,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'messages that wait for one session or shared group, what is in flight to the session included',
    effect:
      'the oldest is dropped (queue-full-dropped-oldest), or the newest (queue-full-dropped-newest): see fullQueue; of a group: group-full',
  },
  queuedBytesInAll: {
    default: 2_147_483_648,
    minimum: 0,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'messages that wait for, or are in flight to, all sessions and shared groups together; a message counts once for each',
    effect:
      'a session that would get one more loses its oldest, or this one (total-budget); one message may always be in flight',
  },
  inFlightMessages: {
    default: 1000,
    minimum: 1,
    maximum: 65_535,
    unit: 'messages',
    text: 'QoS 1 and 2 messages sent to one client and not acknowledged (an MQTT 5 client may ask for fewer)',
    effect: 'further ones wait in its queue',
  },
  inFlightBytes: {
    default: 67_108_864,
    minimum: 1,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'messages in flight to one client of which the broker keeps a copy',
    effect: 'further ones wait in its queue; one message may always be in flight',
  },
  receiveMaximum: {
    default: 1000,
    minimum: 1,
    maximum: 65_535,
    unit: 'messages',
    text: 'QoS 1 and 2 messages that one client may send without an acknowledgement; told in CONNACK',
    effect: 'an MQTT 5 connection ends with 0x93 Receive Maximum exceeded; older ones may have 65,535',
  },
  subscriptionsPerSession: {
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'subscriptions',
    text: 'subscriptions of one session',
    effect: 'SUBACK answers 0x97 Quota exceeded (0x80 before MQTT 5.0)',
  },
  filterBytesPerSession: {
    default: 4_194_304,
    minimum: 1024,
    maximum: 70_368_744_177_664,
    unit: 'characters',
    text: 'topic filters of one session together',
    effect: 'SUBACK answers 0x97 Quota exceeded (0x80 before MQTT 5.0)',
  },
  subscriptions: {
    default: 10_000_000,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'subscriptions',
    text: 'subscriptions of all sessions',
    effect: 'SUBACK answers 0x97 Quota exceeded (0x80 before MQTT 5.0)',
  },
  filtersPerPacket: {
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
    unit: 'topic filters',
    text: 'topic filters of one SUBSCRIBE or UNSUBSCRIBE, so that no packet stops the others; as many as a session may have',
    effect: 'the connection ends with 0x97 Quota exceeded, and nothing of the packet is done',
  },
  topicLevels: {
    default: 128,
    minimum: 1,
    maximum: 65_536,
    unit: 'levels',
    text: 'levels of a topic name or topic filter',
    effect:
      'a connection that publishes to it ends with 0x90 Topic Name invalid; SUBACK answers 0x8F Topic Filter invalid (0x80 before MQTT 5.0)',
  },
  topicBytes: {
    default: 65_535,
    minimum: 1,
    maximum: 65_535,
    unit: 'bytes',
    text: 'a topic name or topic filter',
    effect:
      'a connection that publishes to it ends with 0x90 Topic Name invalid; SUBACK answers 0x8F Topic Filter invalid (0x80 before MQTT 5.0)',
  },
  retainedMessages: {
    default: 1_000_000,
    minimum: 0,
    maximum: 1_000_000_000,
    unit: 'messages',
    text: 'retained messages',
    effect:
      'a message for a further topic is routed but not retained (retained-limit); PUBACK or PUBREC say so',
  },
  retainedBytes: {
    default: 1_073_741_824,
    minimum: 0,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'retained messages and the levels of their topic names',
    effect: 'the message is routed but not retained (retained-limit); PUBACK or PUBREC say so',
  },
  internedTopics: {
    default: 65_536,
    minimum: 64,
    maximum: 16_777_216,
    unit: 'topics',
    text: 'topic names remembered with their subscribers, per generation of two',
    effect: 'those not named lately are forgotten and looked up anew when they are named again',
  },
  rememberedRights: {
    default: 1024,
    minimum: 1,
    maximum: 1_048_576,
    unit: 'topics',
    text: 'decisions of the authoriser remembered per connection',
    effect: 'the authoriser is asked again',
  },
  topicAliasMaximum: {
    default: 256,
    minimum: 0,
    maximum: 65_535,
    unit: 'aliases',
    text: 'topic aliases one MQTT 5 client may use; told in CONNACK',
    effect: 'the connection ends with 0x94 Topic Alias invalid',
  },
  outboundTopicAliases: {
    default: 256,
    minimum: 0,
    maximum: 65_535,
    unit: 'aliases',
    text: 'topic aliases used towards one MQTT 5 client, at most what it allows',
    effect: 'the topics used most have one; the others are sent by name',
  },
  localMessages: {
    default: 100_000,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'messages',
    text: 'messages that wait for in-process subscribers within one turn',
    effect:
      'further ones are dropped for them (queue-full-dropped-newest); retained ones wait for later turns',
  },
  retainedBatch: {
    default: 1000,
    minimum: 1,
    maximum: 1_000_000,
    unit: 'messages',
    text: 'retained messages sent to one new subscription per turn, so that it delays nobody',
    effect: 'the rest follows in later turns',
  },
  recentDropsPerReason: {
    default: 128,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'entries',
    text: 'latest dropped messages remembered for each reason',
    effect: 'older ones remain in the counters only',
  },
  recentRefusals: {
    default: 256,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'entries',
    text: 'latest refusals remembered with their reasons: of CONNECT, of SUBSCRIBE, of PUBLISH, so many each',
    effect: 'older ones remain in the counters only',
  },
  rememberedRates: {
    default: 100_000,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'entries',
    text: 'clients, users and addresses without connection whose rates are remembered, so many of each kind',
    effect: 'those away longest are forgotten, and their rates begin anew',
  },
  deadLettersPerSecond: {
    default: 100,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'messages a second',
    text: 'dropped messages that are published again as dead letters; in one turn as many as in a second',
    effect: 'further ones are counted by their reasons only',
  },
  storedBytes: {
    default: 68_719_476_736,
    minimum: 0,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'what a store on disk keeps: messages with their topic names and properties, each counted once, what says whom they are for, sessions and subscriptions; the files may take twice as much, and 64 MiB more',
    effect:
      'what would have to be kept is refused with 0x97 Quota exceeded (before MQTT 5.0 the connection is closed), and nothing that is kept is dropped; a QoS 0 message is routed, but neither retained (not-kept) nor queued (offline-qos0)',
  },
  stagedBytes: {
    default: 67_108_864,
    minimum: 0,
    maximum: 70_368_744_177_664,
    unit: 'bytes',
    text: 'what a store on disk has been given to keep and has not kept yet, which gathers in memory while a commit takes its time',
    effect:
      'connections that add to it are not read until a commit has ended, and a QoS 0 message is routed, but neither retained (not-kept) nor queued (offline-qos0); from twice as much on, CONNECT of a client that is to be kept is refused with 0x97 Quota exceeded (return code 3 before MQTT 5.0), and what the application publishes is rejected',
  },
  osSyncMs: {
    default: 1000,
    minimum: 1,
    maximum: 3_600_000,
    unit: 'ms',
    text: 'from a commit that was only handed to the operating system (durability os) to one that is synced',
    effect:
      'a commit on the disk is made, even of nothing; a power cut takes no more than what came since the last',
  },
  commitSilenceMs: {
    default: 5000,
    minimum: 10,
    maximum: 3_600_000,
    unit: 'ms',
    text: 'for a commit of the store to end, or to get on: each MiB that is written begins the time anew',
    effect:
      'it counts as failed, the store verifies itself and opens itself again, and until a commit succeeds what would have to be kept is refused',
  },
  errorLogPerMinute: {
    default: 60,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'lines per minute',
    text: "log lines about errors that are the broker's own, such as a store that throws; as many again about queues that are full",
    effect: 'further ones are counted, and their number is logged later',
  },
  malformedLogPerMinute: {
    default: 60,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'lines per minute',
    text: 'log lines about connections that broke the protocol or were refused',
    effect: 'further ones are counted, and their number is logged later',
  },
} as const;

export type LimitName = keyof typeof LIMITS;
/** Resolved limits: every one has a value within its bounds. */
export type Limits = { readonly [Name in LimitName]: number };
