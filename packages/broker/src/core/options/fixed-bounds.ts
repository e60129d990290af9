/**
 * Bounds that are no options: caches, and cuts of work into pieces, whose size changes how fast the broker is and nothing
 * that it does. The code reads them here, and docs/limits.md shows them. Bytes are those of one broker.
 */
export interface FixedBoundRow {
  readonly value: number;
  readonly unit: string;
  /** What it bounds. */
  readonly text: string;
  /** What happens at the bound. */
  readonly effect: string;
}

export const FIXED_BOUNDS = {
  topicTableBytes: {
    value: 67_108_864,
    unit: 'bytes',
    text: 'interned topics and their routes, per generation of two',
    effect: 'the older generation is forgotten, and looked up anew',
  },
  routeTableBytes: {
    value: 67_108_864,
    unit: 'bytes',
    text: 'routes that topics share, per generation of two',
    effect: 'the older generation is forgotten, and made anew',
  },
  routes: {
    value: 8192,
    unit: 'routes',
    text: 'routes that topics share, per generation of two',
    effect: 'the older generation is forgotten, and made anew',
  },
  retainedWaiting: {
    value: 1000,
    unit: 'messages',
    text: "messages in a session's queue while it is shown retained messages; at most `queuedMessages`",
    effect: 'it is shown the rest as its queue empties',
  },
  pooledBytesPerClass: {
    value: 2_097_152,
    unit: 'bytes',
    text: 'output memory kept for reuse, in each of five sizes',
    effect: 'what is given back beyond it is freed',
  },
  pooledLargeBytes: {
    value: 8_388_608,
    unit: 'bytes',
    text: 'memory of large payloads kept for reuse',
    effect: 'what is given back beyond it is freed',
  },
  largeReadsAhead: {
    value: 128,
    unit: 'packets',
    text: 'memory in use for large packets while more is handed out before its packet has come, 256 KiB at most each',
    effect: 'the next large packet is read into the buffer that all share, and copied',
  },
  runMessages: {
    value: 1024,
    unit: 'messages',
    text: 'consecutive messages of one read that are routed together',
    effect: 'the next run begins',
  },
  earlyFlushBytes: {
    value: 262_144,
    unit: 'bytes',
    text: 'output that one connection collects within a turn; at most half of `outboxBytes`',
    effect: 'it is written before the turn ends',
  },
} as const;

export type FixedBoundName = keyof typeof FIXED_BOUNDS;
