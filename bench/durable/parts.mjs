/**
 * What is measured of the store on the disk, in one table. The parts with a `load` run that load against several keepers; the
 * others are programs of their own beside this file.
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {'durable'} set
 * @property {string} text What it stands for.
 * @property {string} [load] Options of `mqload`.
 * @property {readonly Keeper[]} [keepers] Who keeps the messages, in turn, in the same round.
 * @property {boolean} [collect] The sessions return at the end, and must be given everything that was acknowledged.
 * @property {boolean} [defaultLimits] A session's limit stays where it is, so that its oldest messages are dropped.
 *
 * @typedef {'disk' | 'os' | 'memory' | 'mosquitto'} Keeper `mosquitto` has `persistence true`, which saves every 30 minutes.
 */
const EVERYONE = ['disk', 'os', 'memory', 'mosquitto'];
const FULL_SPEED = '--pubs 50 --qos 1 --window 50 --burst 10';

/** @type {readonly Part[]} */
export const PARTS = [
  {
    name: 'keep-one',
    text: '50 publishers with 50 in flight → one durable offline session, QoS 1',
    load: `${FULL_SPEED} --subs 1 --fanin --offline`,
    keepers: EVERYONE,
    collect: true,
  },
  {
    name: 'keep-one-full',
    text: 'the same at the limit of 100,000 messages: each one drops the oldest',
    load: `${FULL_SPEED} --subs 1 --fanin --offline`,
    keepers: ['disk', 'os', 'memory'],
    defaultLimits: true,
  },
  {
    name: 'keep-100',
    text: 'each message for 100 durable offline sessions; per reference',
    load: `${FULL_SPEED} --subs 100 --fanin --offline`,
    keepers: EVERYONE,
  },
  {
    name: 'keep-online',
    text: '50 → 50 durable sessions, online and keeping up, QoS 1',
    load: `${FULL_SPEED} --subs 50 --persist`,
    keepers: EVERYONE,
  },
  {
    name: 'keep-latency',
    text: '10,000 messages a second → one durable offline session, QoS 1: time to PUBACK',
    load: '--pubs 50 --subs 1 --fanin --qos 1 --rate 10000 --offline',
    keepers: EVERYONE,
    collect: true,
  },
  { name: 'keep-nothing', text: 'the scenarios of compare.sh with the store open and nothing durable' },
  {
    name: 'keep-sessions',
    text: '100,000 offline sessions with 10 messages each; 1,000,000 with a subscription',
  },
  { name: 'keep-size', text: 'the size of the log under a steady load, with and without a cold backlog' },
].map((part) => ({ set: 'durable', ...part }));
