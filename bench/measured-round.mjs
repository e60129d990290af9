/** One round of scenarios, each against our broker and then against Mosquitto. */
import { generate } from './load-generator.mjs';
import { startMartlet, startMosquitto } from './measured-broker.mjs';
import { mostClients, residentKilobytes } from './process-limits.mjs';

/** All scenarios once, each against one broker and then the other. Brokers live for a round, so that rounds differ as restarts do. */
export async function measureRound(series, options, onStep) {
  const open = new Map();
  const brokerFor = async (key, start) => {
    if (!open.has(key)) open.set(key, await start());
    return open.get(key);
  };
  const nodeOptions =
    options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
  try {
    for (const each of series) {
      const { scenario, measured, errors, otherErrors } = each;
      onStep(scenario.name);
      const key = scenario.alone ? scenario.name : '';
      const martlet =
        options.running ??
        (await brokerFor(`martlet ${key} ${JSON.stringify(scenario.broker)}`, () =>
          startMartlet({ ...scenario.broker, nodeOptions }),
        ));
      const outcome = await measure(scenario, martlet, options);
      if (outcome.result === undefined) errors.push(outcome.error);
      else measured.martlet.push(outcome.result);
      if (options.mosquitto === null || outcome.result === undefined) continue;
      const mosquitto = await brokerFor(`mosquitto ${key}`, () => startMosquitto(options.mosquitto));
      const other = await measure(scenario, mosquitto, options);
      if (other.result === undefined) otherErrors.push(`mosquitto: ${other.error}`);
      else measured.mosquitto.push(other.result);
    }
  } finally {
    for (const broker of open.values()) await broker.stop();
  }
}

async function measure(scenario, broker, { generators, secs }) {
  const load = scenario.load.replaceAll('CLIENTS', `${mostClients()}`).split(' ');
  const times = load.includes('--secs') ? [] : ['--secs', `${secs}`, '--warm', '0.7'];
  const where = ['--host', broker.host, '--port', `${broker.port}`, '--pid', `${broker.pid}`];
  const webSocket = load.includes('--ws') ? ['--ws-port', `${broker.webSocketPort}`] : [];
  // Retained messages of one run are not for the subscribers of another.
  const prefix = ['--prefix', `bench${Math.round(performance.now())}`];
  const args = ['--name', scenario.name, ...where, ...webSocket, ...prefix, ...times, ...load];
  const before = residentKilobytes(broker.pid);
  const outcome = await generate(generators[scenario.generator], args);
  if (scenario.figure === 'connections' && outcome.result?.kb_per_client === undefined && outcome.result) {
    const clients = Number(load[load.indexOf('--subs') + 1]) + Number(load[load.indexOf('--pubs') + 1]);
    outcome.result.clients = clients;
    outcome.result.kb_per_client = (outcome.result.rss_kb - before) / clients;
  }
  return outcome;
}
