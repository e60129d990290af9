/** The options of `npm run bench`, and its help. */
import { parseArgs } from 'node:util';
import { CLIENT_SCENARIOS } from './client/scenarios.mjs';
import { PARTS } from './durable/parts.mjs';
import { PROGRAMS, SCENARIOS } from './scenarios.mjs';

const OPTIONS = {
  set: {
    type: 'string',
    value: 'NAMES',
    text: 'compare (default), mixed, connections, durable, client; scale, topics, sessions, sn; or all',
  },
  only: { type: 'string', value: 'NAMES', text: 'these scenarios, separated by commas' },
  rounds: {
    type: 'string',
    value: 'N',
    text: 'how often; medians are shown (default 3, durable 2; with --quick 1)',
  },
  secs: {
    type: 'string',
    value: 'S',
    text: 'how long each is measured (default 3; with --quick 1.5, clients 0.7)',
  },
  disk: {
    type: 'string',
    value: 'DIR',
    text: 'durable: where stores are made, on a real disk (default .cache/bench/data)',
  },
  steady: { type: 'string', value: 'S', text: 'durable: each steady load (default 75; with --quick 10)' },
  quick: { type: 'boolean', text: 'a short look' },
  json: { type: 'string', value: 'FILE', text: 'write everything measured as JSON; - prints it' },
  mosquitto: { type: 'string', value: 'PATH', text: 'the Mosquitto to compare with' },
  'no-mosquitto': { type: 'boolean', text: 'measure our broker only' },
  'broker-url': {
    type: 'string',
    value: 'URL',
    text: 'measure a broker that is running, such as mqtt://127.0.0.1:1883',
  },
  pid: { type: 'string', value: 'PID', text: 'its process, on this machine' },
  'ws-port': { type: 'string', value: 'N', text: 'its WebSocket port' },
  'no-build': { type: 'boolean', text: 'measure what dist/ holds, without building first' },
  profile: {
    type: 'string',
    value: 'DIR',
    text: 'write a CPU profile of our broker there, at its end; with the set client of each client',
  },
  list: { type: 'boolean', text: 'the scenarios, and what they stand for' },
  help: { type: 'boolean', text: 'this' },
};

export class UsageError extends Error {}

export function parseOptions(argv) {
  let values;
  try {
    ({ values } = parseArgs({
      args: argv,
      options: Object.fromEntries(Object.entries(OPTIONS).map(([name, { type }]) => [name, { type }])),
    }));
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
  const quick = values.quick ?? false;
  return {
    ...chosen(values.set, values.only, quick),
    rounds: positive('rounds', values.rounds ?? (quick ? '1' : '3')),
    durableRounds: positive('rounds', values.rounds ?? (quick ? '1' : '2')),
    steadySecs: positive('steady', values.steady ?? (quick ? '10' : '75')),
    clientRun: {
      rounds: positive('rounds', values.rounds ?? (quick ? '1' : '3')),
      secs: positive('secs', values.secs ?? (quick ? '0.7' : '3')),
      warmSecs: quick ? 0.5 : 1,
      reconnects: quick ? 4000 : 10_000,
      profile: values.profile,
    },
    disk: values.disk,
    secs: positive('secs', values.secs ?? (quick ? '1.5' : '3')),
    json: values.json,
    mosquitto: values['no-mosquitto'] ? null : values.mosquitto,
    running: running(values['broker-url'], values.pid, values['ws-port']),
    build: !values['no-build'],
    profile: values.profile,
    list: values.list ?? false,
    help: values.help ?? false,
  };
}

export function helpText() {
  const lines = Object.entries(OPTIONS).map(([name, { value = '', text }]) => {
    return `  ${`--${name} ${value}`.padEnd(20)}  ${text}`;
  });
  return `npm run bench -- [options]   CPU per message, latency and memory, beside Mosquitto's and MQTT.js's\n\n${lines.join('\n')}`;
}

export function listText() {
  return [...SCENARIOS, ...PARTS, ...CLIENT_SCENARIOS, ...PROGRAMS]
    .map(({ name, set, text }) => `${(set ?? name).padEnd(12)} ${name.padEnd(16)} ${text}`)
    .join('\n');
}

/**
 * @param {boolean} quick which leaves out most scenarios of clients, unless they are named
 * @returns {{ scenarios: Scenario[], parts: Part[], clients: ClientScenario[], programs: Program[] }}
 */
function chosen(sets = 'compare', only = undefined, quick = false) {
  if (only !== undefined) {
    const all = [...SCENARIOS, ...PARTS, ...CLIENT_SCENARIOS, ...PROGRAMS];
    const found = only.split(',').map((name) => {
      const one = all.find((each) => each.name === name);
      if (one === undefined) throw new UsageError(`no scenario is called ${name}; --list shows them`);
      return one;
    });
    return {
      scenarios: found.filter((one) => SCENARIOS.includes(one)),
      parts: found.filter((one) => PARTS.includes(one)),
      clients: found.filter((one) => CLIENT_SCENARIOS.includes(one)),
      programs: found.filter((one) => PROGRAMS.includes(one)),
    };
  }
  const names = sets.split(',');
  const known = [
    'all',
    ...new Set([...SCENARIOS, ...PARTS, ...CLIENT_SCENARIOS].map(({ set }) => set)),
    ...PROGRAMS.map(({ name }) => name),
  ];
  for (const name of names) {
    if (!known.includes(name))
      throw new UsageError(`no set is called ${name}; there are ${known.join(', ')}`);
  }
  const wanted = (name) => names.includes('all') || names.includes(name);
  return {
    scenarios: SCENARIOS.filter(({ set }) => wanted(set)),
    parts: PARTS.filter(({ set }) => wanted(set)),
    clients: CLIENT_SCENARIOS.filter((one) => wanted(one.set) && (one.quick || !quick)),
    programs: PROGRAMS.filter(({ name }) => wanted(name)),
  };
}

function positive(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} must be a number above 0, not ${text}`);
  return value;
}

function running(url, pid, webSocketPort) {
  if (url === undefined) return null;
  if (!URL.canParse(url) || new URL(url).protocol !== 'mqtt:') {
    throw new UsageError(`--broker-url must be like mqtt://127.0.0.1:1883, not ${url}`);
  }
  if (pid === undefined) throw new UsageError('--broker-url needs --pid, the process whose CPU is counted');
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 1883),
    webSocketPort: webSocketPort === undefined ? null : positive('ws-port', webSocketPort),
    pid: positive('pid', pid),
  };
}
