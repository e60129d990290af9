/**
 * `npm run bench`: what our broker and Mosquitto spend on the same load, in turn, several rounds, on this machine.
 *
 * The figure to steer by is the broker's CPU time per delivered message, and its ratio to Mosquitto's in the same round:
 * both hold when the machine is busy with other things. Ends with code 1 when a message was missing, doubled or out of order.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { helpText, listText, parseOptions, UsageError } from './bench-options.mjs';
import { buildGenerator, generate } from './load-generator.mjs';
import { findMosquitto, startMartlet, startMosquitto } from './measured-broker.mjs';
import { mostClients, residentKilobytes } from './process-limits.mjs';
import { Progress } from './progress.mjs';
import { rowOf, tables } from './report.mjs';
import { faultsOf } from './samples.mjs';
import targets from './targets.json' with { type: 'json' };

let runs = 0;

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return console.log(helpText());
  if (options.list) return console.log(listText());
  if (options.build) build();
  if (options.scenarios.length > 0) await runScenarios(options);
  for (const { file } of options.programs) runProgram(file);
}

/** What is measured is what the sources say. */
function build() {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
  });
  if (status !== 0) throw new UsageError('the build failed');
}

async function runScenarios(options) {
  const mosquitto = options.mosquitto === undefined ? findMosquitto() : options.mosquitto;
  if (mosquitto === null && options.mosquitto !== null) {
    console.error('Mosquitto is not installed, so there are no ratios (apt-get install mosquitto)');
  }
  const machine = machineText();
  const generators = {};
  for (const { generator } of options.scenarios) generators[generator] ??= await buildGenerator(generator);
  const series = options.scenarios.map((scenario) => ({
    scenario,
    target: targets.scenarios[scenario.name],
    measured: { martlet: [], mosquitto: [] },
    errors: [],
    otherErrors: [],
  }));
  const progress = new Progress(options.rounds * series.length);
  for (let round = 1; round <= options.rounds; round++) {
    await measureRound(series, { ...options, mosquitto, generators }, (name) => {
      progress.step(`${name}, round ${round}`, (mosquitto === null ? 1 : 2) * (options.secs + 1) * 1000);
    });
  }
  progress.end();
  const rows = series.map((each) => {
    const faults = { martlet: faultsOf(each.measured.martlet), mosquitto: faultsOf(each.measured.mosquitto) };
    return rowOf({ ...each, faults });
  });
  const json = JSON.stringify({ machine, rounds: options.rounds, secs: options.secs, series, rows }, null, 1);
  if (options.json !== undefined && options.json !== '-') writeFileSync(options.json, `${json}\n`);
  console.log(options.json === '-' ? json : `${machine}\n\n${tables(rows)}`);
  if (rows.some(({ faults, errors }) => faults.martlet !== '' || errors.length > 0)) process.exitCode = 1;
}

function runProgram(file) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { status } = spawnSync(process.execPath, ['--expose-gc', path], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

/** All scenarios once, each against one broker and then the other. Brokers live for a round, so that rounds differ as restarts do. */
async function measureRound(series, options, onStep) {
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
  const prefix = ['--prefix', `bench${++runs}`];
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

function machineText() {
  const [{ model }] = cpus();
  const load = loadavg()[0].toFixed(1);
  return `${cpus().length} × ${model}, Linux ${release()}, Node.js ${process.versions.node}, load average ${load} before`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${helpText()}`);
  process.exitCode = 2;
}
