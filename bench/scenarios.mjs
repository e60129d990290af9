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

/** @type {readonly Scenario[]} */
export const SCENARIOS = COMPARE.map((row) => scenario('compare', 'mqload', row));

function scenario(set, generator, [name, text, load, more = {}]) {
  return { name, set, generator, load, text, figure: 'µs', alone: false, broker: {}, ...more };
}
