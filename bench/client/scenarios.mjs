/**
 * What is measured of clients, in one table: each way, for the CPU that the client's process spends on one message.
 *
 * @typedef {object} ClientScenario
 * @property {string} name
 * @property {'client'} set
 * @property {string} text What it stands for.
 * @property {'publish' | 'receive' | 'reconnect'} way
 * @property {0 | 1 | 2} qos
 * @property {number} bytes Of payload.
 * @property {number} topics How many topic names are used in turn.
 * @property {4 | 5} version 4 is MQTT 3.1.1, what MQTT.js speaks unless told otherwise, and where it is at its fastest.
 * @property {number} window Messages under way: not written, not acknowledged, or not received.
 * @property {number} batch Messages that are handed over, or told as received, together.
 * @property {boolean} quick Whether it is among those of `--quick`.
 */
const KIB = 1024;

/** 1,000 under way; fewer where they are so large that the broker would drop what a reader is late for. */
const SMALL = { window: 1000, batch: 500 };
const LARGE = { bytes: 64 * KIB, window: 32, batch: 8 };

const ROWS = [
  ['publish-q0', 'publish, QoS 0', { way: 'publish', qos: 0, quick: true }],
  ['publish-q1', 'publish, QoS 1, 1,000 in flight', { way: 'publish', qos: 1, quick: true }],
  ['receive-q0', 'receive, QoS 0', { way: 'receive', qos: 0, quick: true }],
  ['receive-q1', 'receive, QoS 1', { way: 'receive', qos: 1, quick: true }],
  ['publish-q0-topics', 'publish, QoS 0, 100 topics', { way: 'publish', qos: 0, topics: 100 }],
  ['publish-q1-topics', 'publish, QoS 1, 100 topics', { way: 'publish', qos: 1, topics: 100 }],
  ['receive-q0-topics', 'receive, QoS 0, 100 topics', { way: 'receive', qos: 0, topics: 100 }],
  ['receive-q1-topics', 'receive, QoS 1, 100 topics', { way: 'receive', qos: 1, topics: 100 }],
  ['publish-q0-v5', 'publish, QoS 0, MQTT 5', { way: 'publish', qos: 0, version: 5 }],
  ['publish-q1-v5', 'publish, QoS 1, MQTT 5', { way: 'publish', qos: 1, version: 5 }],
  ['receive-q0-v5', 'receive, QoS 0, MQTT 5', { way: 'receive', qos: 0, version: 5 }],
  ['receive-q1-v5', 'receive, QoS 1, MQTT 5', { way: 'receive', qos: 1, version: 5 }],
  ['publish-q2', 'publish, QoS 2, 1,000 in flight', { way: 'publish', qos: 2 }],
  ['receive-q2', 'receive, QoS 2', { way: 'receive', qos: 2 }],
  ['publish-q0-1k', 'publish, QoS 0, 1 KiB', { way: 'publish', qos: 0, bytes: KIB }],
  ['publish-q1-1k', 'publish, QoS 1, 1 KiB', { way: 'publish', qos: 1, bytes: KIB }],
  ['receive-q0-1k', 'receive, QoS 0, 1 KiB', { way: 'receive', qos: 0, bytes: KIB }],
  ['receive-q1-1k', 'receive, QoS 1, 1 KiB', { way: 'receive', qos: 1, bytes: KIB }],
  ['publish-q0-64k', 'publish, QoS 0, 64 KiB', { way: 'publish', qos: 0, ...LARGE }],
  ['publish-q1-64k', 'publish, QoS 1, 64 KiB, 32 in flight', { way: 'publish', qos: 1, ...LARGE }],
  ['receive-q0-64k', 'receive, QoS 0, 64 KiB', { way: 'receive', qos: 0, ...LARGE }],
  ['receive-q1-64k', 'receive, QoS 1, 64 KiB', { way: 'receive', qos: 1, ...LARGE }],
  [
    'reconnects',
    'connections that the server cuts, each after a message in both directions: memory',
    { way: 'reconnect', qos: 1, version: 5 },
  ],
];

/** @type {readonly ClientScenario[]} */
export const CLIENT_SCENARIOS = ROWS.map(([name, text, more]) => ({
  name,
  set: 'client',
  text,
  bytes: 64,
  topics: 1,
  version: 4,
  ...SMALL,
  quick: false,
  ...more,
}));

/** The topic names of a scenario; all are of the same length. */
export function topicNames({ prefix, topics }) {
  return Array.from({ length: topics }, (_, i) => `${prefix}/t/${String(i).padStart(3, '0')}`);
}
