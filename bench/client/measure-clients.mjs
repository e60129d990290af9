/**
 * The set `client`: what our client and MQTT.js spend on the same messages, beside a bare socket, in turn, several rounds.
 * Each measurement is a process of its own; the broker of a round is another, and what feeds those that receive is in this one.
 */
import { faultsOf, spreadOf, summarize } from '../samples.mjs';
import targets from '../targets.json' with { type: 'json' };
import { startCuttingServer } from './cutting-server.mjs';
import { RawSender } from './raw-sender.mjs';
import { TalkingProcess } from './talking-process.mjs';

/** In the order in which they are measured; every second round begins at the other end. */
const CLIENTS = ['martlet', 'mqttjs', 'floor'];
/** What a process takes to start and to end, for the estimate that is shown. */
const AROUND_MS = 600;
/** Until the broker has counted what a client has written. */
const ARRIVAL_MS = 5000;
const ARRIVAL_STEP_MS = 20;
/** What a measurement may take beyond its own time, and what each reconnect may. */
const PATIENCE_MS = 20_000;
const RECONNECT_MS = 20;
/**
 * What all reconnects after the first quarter may add, of heap and buffers. The heap breathes by some hundred KB; of ten
 * thousand, each that left more than 70 bytes, which is one small object, would be found out.
 */
const GROWTH_KB = 512;

/** How many measurements `measureClients` tells of. */
export function stepsOf(scenarios, rounds) {
  return scenarios.reduce(
    (sum, scenario) => sum + clientsOf(scenario).length * roundsOf(scenario, rounds),
    0,
  );
}

/**
 * @param {readonly ClientScenario[]} scenarios
 * @param {ClientRun} run
 * @param {(text: string, estimateMs: number) => void} onStep told what begins
 *
 * @typedef {{ rounds: number, secs: number, warmSecs: number, reconnects: number, profile?: string }} ClientRun
 */
export async function measureClients(scenarios, run, onStep) {
  const series = scenarios.map((scenario) => ({
    scenario,
    measured: Object.fromEntries(clientsOf(scenario).map((client) => [client, []])),
    errors: [],
  }));
  for (let round = 1; round <= run.rounds; round++) {
    const broker = await MeasuredOn.start();
    try {
      for (const { scenario, measured, errors } of series) {
        if (round > roundsOf(scenario, run.rounds)) continue;
        const clients = round % 2 === 1 ? clientsOf(scenario) : clientsOf(scenario).toReversed();
        for (const client of clients) {
          onStep(`${scenario.name} ${client}, round ${round}`, AROUND_MS + (run.warmSecs + run.secs) * 1000);
          try {
            measured[client].push(await measure(scenario, client, broker, run));
          } catch (error) {
            errors.push(`${client}: ${error.message}`);
          }
        }
      }
    } finally {
      broker.stop();
    }
  }
  return { rounds: run.rounds, secs: run.secs, rows: series.map(rowOf) };
}

function clientsOf({ way }) {
  return CLIENTS.filter((client) => way !== 'reconnect' || client !== 'floor');
}

/** Memory needs one round: it is no matter of how busy the machine is. */
function roundsOf({ way }, rounds) {
  return way === 'reconnect' ? 1 : rounds;
}

/** The broker of a round. */
class MeasuredOn {
  #process = new TalkingProcess('counting-broker.mjs');

  static async start() {
    const broker = new MeasuredOn();
    broker.port = (await broker.#process.next('port')).port;
    return broker;
  }

  async metrics() {
    this.#process.send({});
    return (await this.#process.next('metrics')).metrics;
  }

  stop() {
    this.#process.kill();
  }
}

async function measure(scenario, client, broker, run) {
  const task = {
    ...scenario,
    client,
    host: '127.0.0.1',
    port: broker.port,
    prefix: `bench${Math.round(performance.now())}`,
    warmMs: run.warmSecs * 1000,
    measureMs: run.secs * 1000,
    reconnects: run.reconnects,
    firstReconnects: run.reconnects / 4,
  };
  return { publish: measurePublish, receive: measureReceive, reconnect: measureReconnect }[scenario.way](
    task,
    run,
    broker,
  );
}

async function measurePublish(task, run, broker) {
  const before = await broker.metrics();
  return conversation(task, run, async (client) => {
    const { result, messages } = await client.next('result');
    const counted = await arrivedAt(broker, before, messages);
    const bytes = counted.publishBytesReceived - before.publishBytesReceived;
    const arrived = counted.publishMessagesReceived - before.publishMessagesReceived;
    return { ...result, missing: messages - arrived, wrong: bytes - arrived * task.bytes };
  });
}

/** The broker's counters, once it has as many messages, or when it is too late for that. */
async function arrivedAt(broker, before, messages) {
  for (const endMs = performance.now() + ARRIVAL_MS; ; ) {
    const counted = await broker.metrics();
    const arrived = counted.publishMessagesReceived - before.publishMessagesReceived;
    if (arrived >= messages || performance.now() > endMs) return counted;
    await new Promise((resolve) => setTimeout(resolve, ARRIVAL_STEP_MS));
  }
}

async function measureReceive(task, run) {
  // Of MQTT 3.1.1, which has no Receive Maximum: what is fed is bounded by what has been received.
  const sender = await RawSender.open({ ...task, version: 4, window: 4 * task.batch }, { told: true });
  try {
    return await conversation(task, run, async (client) => {
      const onCredit = ({ credit }) => sender.take(credit);
      await client.next('ready');
      sender.start();
      const { result } = await client.next('result', onCredit);
      await sender.stop();
      client.send({ sent: sender.sent });
      const { messages } = await client.next('messages', onCredit);
      return { ...result, missing: sender.sent - messages };
    });
  } finally {
    await sender.close();
  }
}

async function measureReconnect(task, run) {
  const server = await startCuttingServer(task);
  try {
    return await conversation({ ...task, port: server.port }, run, async (client) => {
      const { result } = await client.next('result');
      return { ...result, connections: server.connections };
    });
  } finally {
    server.close();
  }
}

/** Starts the process of a client, and sees to its end. */
async function conversation(task, { profile }, talk) {
  const name = `${task.client}-${task.name}.cpuprofile`;
  const profiled =
    profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile, '--cpu-prof-name', name];
  const collected = task.way === 'reconnect' ? ['--expose-gc'] : [];
  const client = new TalkingProcess(
    'measured-client.mjs',
    [JSON.stringify(task)],
    [...profiled, ...collected],
  );
  const ownMs = task.way === 'reconnect' ? task.reconnects * RECONNECT_MS : task.warmMs + task.measureMs;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not come to its end')), ownMs + PATIENCE_MS);
  });
  try {
    const result = await Promise.race([talk(client), late]);
    await client.ended();
    return result;
  } finally {
    clearTimeout(timer);
    client.kill();
  }
}

function rowOf({ scenario, measured, errors }) {
  const clients = Object.fromEntries(
    Object.entries(measured).map(([client, results]) => [
      client,
      results.length > 0 ? summarize(results) : null,
    ]),
  );
  const faults = Object.entries(measured)
    .map(([client, results]) => [client, faultsOf(results)])
    .filter(([, text]) => text !== '')
    .map(([client, text]) => `${client}: ${text}`);
  return {
    scenario,
    target: targets.clients[scenario.name],
    ...clients,
    ratio: ratioOf(measured),
    faults: [...faults, ...grownIn(measured)],
    errors,
  };
}

/** How many times our CPU MQTT.js needs, round by round. */
function ratioOf({ mqttjs, martlet = [] }) {
  const ratios = martlet
    .map((result, round) => mqttjs[round]?.cpu_us_per_msg / result.cpu_us_per_msg)
    .filter(Number.isFinite);
  return ratios.length > 0 ? spreadOf(ratios) : undefined;
}

/** What reconnecting has left behind in our client. */
function grownIn({ martlet = [] }) {
  return martlet
    .filter(({ first_heap_kb, last_heap_kb }) => last_heap_kb - first_heap_kb > GROWTH_KB)
    .map(({ heap_bytes_each }) => `martlet: ${heap_bytes_each.toFixed(0)} bytes left by each reconnect`);
}
