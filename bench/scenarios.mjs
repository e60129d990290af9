/**
 * What is measured, in one table. `load` are options of the generator; those of the set `compare` are compare.sh's.
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {'compare' | 'mixed' | 'connections'} set
 * @property {'mqload' | 'mqmix'} generator
 * @property {string} load
 * @property {string} text What it stands for.
 * @property {'µs' | 'latency' | 'connections'} figure What it is judged by. @default 'µs'
 * @property {boolean} alone A fresh broker for this one, so that its memory is its own.
 * @property {{ authorizer?: boolean, webSocket?: boolean }} broker What our broker is started with.
 * @property {boolean} sizedByLimit As many clients as file descriptors allow, at most 100,000, stand for CLIENTS in `load`.
 */
const COMPARE = [
  ['p2p-q0', '50 → 50, QoS 0', '--pubs 50 --subs 50 --window 200 --burst 20'],
  ['p2p-q0-single', '50 → 50, QoS 0, one at a time', '--pubs 50 --subs 50 --window 1 --burst 1'],
  ['fanout-500', '1 → 500, QoS 0', '--pubs 1 --subs 500 --window 20 --burst 1'],
  ['fanin-100', '100 → 1, QoS 0', '--pubs 100 --subs 1 --fanin --window 100 --burst 10'],
  [
    'p2p-q0-spread',
    '50 → 50, QoS 0, 100 topics each',
    '--pubs 50 --subs 50 --window 200 --burst 20 --spread 100',
  ],
  ['p2p-q1', '50 → 50, QoS 1', '--pubs 50 --subs 50 --qos 1 --window 50 --burst 10'],
  ['p2p-q1-single', '50 → 50, QoS 1, one at a time', '--pubs 50 --subs 50 --qos 1 --window 1 --burst 1'],
  ['p2p-q2', '50 → 50, QoS 2', '--pubs 50 --subs 50 --qos 2 --window 20 --burst 5'],
  ['p2p-q0-v5', '50 → 50, QoS 0, MQTT 5', '--pubs 50 --subs 50 --window 200 --burst 20 --v5'],
  [
    'share-20',
    '20 → a group of 20, QoS 0, MQTT 5',
    '--pubs 20 --subs 20 --topics 20 --fanin --share --v5 --window 100 --burst 10',
  ],
  ['payload-64k', '2 → 2, QoS 0, 64 KiB', '--pubs 2 --subs 2 --size 65536 --window 20 --burst 2'],
  ['latency-5k', '20 → 20, QoS 0, 5,000 a second', '--pubs 20 --subs 20 --rate 5000', { figure: 'latency' }],
  [
    'idle-5000',
    '5,000 subscribed and idle',
    '--pubs 0 --subs 5000 --topics 5000 --idle --secs 1',
    { figure: 'connections', alone: true },
  ],
];

const SPREAD = '--topics 100 --window 200 --burst 20';
const FAN_OUT = '--pubs 1 --subs 500 --topics 10 --window 20 --burst 1';
const EVERYTHING =
  '--qos 0,1,2 --sub-qos 2,1,0 --pub-versions 4,5 --sub-versions 5,5,4,3 --alias --alias-max 64 --user-props 2 --sub-id ' +
  '--mixed-filters --ws 30 --churn 1000 --size 32-1024 --retain-every 20';

const MIXED = [
  ['topics-100', '50 → 50, QoS 0, 100 topics each in random order', SPREAD],
  ['topics-1000', 'the same with 1,000 topics each', '--topics 1000 --window 200 --burst 20'],
  [
    'topics-4000',
    'with 4,000 each: more than the broker remembers, so many are new to it',
    '--topics 4000 --window 200 --burst 20',
  ],
  ['literal-100', 'a subscription for each of the 100 topics', `${SPREAD} --literal`],
  [
    'churn-1000',
    '1,000 times a second a subscription comes or goes',
    `${SPREAD} --mixed-filters --churn 1000`,
  ],
  ['churn-10000', '10,000 times a second', `${SPREAD} --mixed-filters --churn 10000`],
  ['qos-mixed', 'QoS 0, 1 and 2 in turn, 100 topics each', '--qos 0,1,2 --topics 100'],
  [
    'versions-mixed',
    'MQTT 3.1.1 and 5 to 3.1, 3.1.1 and 5',
    `${SPREAD} --pub-versions 4,5 --sub-versions 5,4,3`,
  ],
  ['fanout-v5-v3', '1 → 500, QoS 0, MQTT 5 to 3.1.1', `${FAN_OUT} --pub-versions 5 --sub-versions 4`],
  ['fanout-v3-v5', '1 → 500, QoS 0, MQTT 3.1.1 to 5', `${FAN_OUT} --pub-versions 4 --sub-versions 5`],
  ['fanout-mixed', '1 → 500, QoS 0, 1, 2 to all versions', `${FAN_OUT} --qos 0,1,2 --sub-versions 3,4,5`],
  ['alias-in', 'MQTT 5, publishers use aliases', `${SPREAD} --pub-versions 5 --sub-versions 5 --alias`],
  [
    'alias-out',
    'MQTT 5, subscribers allow aliases',
    `${SPREAD} --pub-versions 5 --sub-versions 5 --alias-max 100`,
  ],
  [
    'alias-both',
    'MQTT 5, aliases in both directions',
    `${SPREAD} --pub-versions 5 --sub-versions 5 --alias --alias-max 100`,
  ],
  [
    'properties',
    'MQTT 5, 3 user properties and a subscription identifier',
    `${SPREAD} --pub-versions 5 --sub-versions 5 --user-props 3 --sub-id`,
  ],
  ['retained', 'every second message is retained', `${SPREAD} --retain-every 2`],
  ['websocket', '50 → 50 WebSocket subscribers', `${SPREAD} --ws 100`, { broker: { webSocket: true } }],
  [
    'no-authorizer',
    'topics-100 without an authoriser: nobody is asked',
    SPREAD,
    { broker: { authorizer: false } },
  ],
  ['everything', 'all of these at once', EVERYTHING, { broker: { authorizer: true, webSocket: true } }],
  [
    'everything-5k',
    'all of these at once, 5,000 a second',
    `${EVERYTHING} --rate 5000`,
    { figure: 'latency', broker: { authorizer: true, webSocket: true } },
  ],
];

const CONNECTIONS = [
  [
    'idle-10000',
    '10,000 subscribed and idle',
    '--pubs 0 --subs 10000 --topics 10000 --idle --secs 1',
    { figure: 'connections', alone: true },
  ],
  [
    'busy-10000',
    '10,000 subscribed, 50,000 messages a second for 5 s: memory afterwards',
    '--pubs 100 --subs 10000 --topics 100 --rate 500 --secs 5',
    { figure: 'connections', alone: true },
  ],
  [
    'idle-most',
    'as many as this machine lets, up to 100,000',
    '--pubs 0 --subs CLIENTS --topics CLIENTS --idle --secs 1',
    { figure: 'connections', alone: true, sizedByLimit: true },
  ],
];

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  ...COMPARE.map((row) => scenario('compare', 'mqload', row)),
  ...MIXED.map((row) => scenario('mixed', 'mqmix', row)),
  ...CONNECTIONS.map((row) => scenario('connections', 'mqload', row)),
];

/** Benchmarks of parts in one process, each a program that prints a table of its own. */
export const PROGRAMS = [
  {
    name: 'scale',
    file: 'scale.mjs',
    text: 'the core with 1,000,000 filters, 1,000,000 topics, 100,000 clients',
  },
  {
    name: 'topics',
    file: 'topics.mjs',
    text: 'the tables of filters, topics, retained messages and deadlines',
  },
  {
    name: 'sessions',
    file: 'session-memory.mjs',
    text: '100,000 and 1,000,000 kept sessions whose clients are away: memory, and the start',
  },
  {
    name: 'sn',
    file: 'sn.mjs',
    text: '10,000 sensors on one gateway for MQTT-SN: memory awake and asleep, CPU for each message',
  },
];

function scenario(set, generator, [name, text, load, more = {}]) {
  return {
    name,
    set,
    generator,
    load,
    text,
    figure: 'µs',
    alone: false,
    broker: {},
    sizedByLimit: false,
    ...more,
  };
}
