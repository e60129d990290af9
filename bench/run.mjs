/**
 * `npm run bench`: what our broker and Mosquitto spend on the same load, in turn, several rounds, on this machine.
 *
 * The figure to steer by is the broker's CPU time per delivered message, and its ratio to Mosquitto's in the same round:
 * both hold when the machine is busy with other things. The set `client` does the same for our client and MQTT.js. Ends with code 1 when a
 * message was missing, doubled or out of order, or when reconnecting took memory.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { helpText, listText, parseOptions, UsageError } from './bench-options.mjs';
import { clientsFailed, clientTables } from './client/client-tables.mjs';
import { stepsOf as clientStepsOf, measureClients } from './client/measure-clients.mjs';
import { durableFailed, durableTables } from './durable/durable-tables.mjs';
import { measureDurable, stepsOf } from './durable/measure-durable.mjs';
import { buildGenerator } from './load-generator.mjs';
import { findMosquitto } from './measured-broker.mjs';
import { measureRound } from './measured-round.mjs';
import { Progress } from './progress.mjs';
import { rowOf, tables } from './report.mjs';
import { faultsOf } from './samples.mjs';
import targets from './targets.json' with { type: 'json' };

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return console.log(helpText());
  if (options.list) return console.log(listText());
  if (options.build) build();
  await runMeasured(options);
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

/** What is measured with a broker in a process of its own, printed and written together. */
async function runMeasured(options) {
  const comparesBrokers = options.scenarios.length + options.parts.length > 0;
  if (!comparesBrokers && options.clients.length === 0) return;
  const mosquitto = options.mosquitto === undefined ? findMosquitto() : options.mosquitto;
  if (comparesBrokers && mosquitto === null && options.mosquitto !== null) {
    console.error('Mosquitto is not installed, so there are no ratios (apt-get install mosquitto)');
  }
  const machine = machineText();
  const { series, rows } = await runScenarios({ ...options, mosquitto });
  const durable = options.parts.length === 0 ? undefined : await runDurable({ ...options, mosquitto });
  const clients = options.clients.length === 0 ? undefined : await runClients(options);
  const measured = { machine, rounds: options.rounds, secs: options.secs, series, rows, durable, clients };
  const json = JSON.stringify(measured, null, 1);
  if (options.json !== undefined && options.json !== '-') writeFileSync(options.json, `${json}\n`);
  const texts = [
    rows.length > 0 ? tables(rows) : '',
    ...Object.values(durable ? durableTables(durable) : {}),
    ...Object.values(clients ? clientTables(clients) : {}),
  ];
  console.log(options.json === '-' ? json : [machine, ...texts.filter(Boolean)].join('\n\n'));
  for (const failure of durable?.failures ?? []) console.error(failure);
  const failed = rows.some(({ faults, errors }) => faults.martlet !== '' || errors.length > 0);
  if (failed || (durable && durableFailed(durable)) || (clients && clientsFailed(clients)))
    process.exitCode = 1;
}

async function runScenarios(options) {
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
  for (let round = 1; round <= options.rounds && series.length > 0; round++) {
    await measureRound(series, { ...options, generators }, (name) => {
      progress.step(
        `${name}, round ${round}`,
        (options.mosquitto === null ? 1 : 2) * (options.secs + 1) * 1000,
      );
    });
  }
  progress.end();
  const rows = series.map((each) => {
    const faults = { martlet: faultsOf(each.measured.martlet), mosquitto: faultsOf(each.measured.mosquitto) };
    return rowOf({ ...each, faults });
  });
  return { series, rows };
}

async function runDurable(options) {
  if (options.running !== null)
    throw new UsageError('the set durable starts its brokers itself: no --broker-url');
  const progress = new Progress(stepsOf(options.parts, options.durableRounds));
  const measured = await measureDurable(
    options.parts,
    { ...options, rounds: options.durableRounds },
    (text) => {
      progress.step(text, (options.secs + 3) * 1000);
    },
  );
  progress.end();
  return { rounds: options.durableRounds, ...measured };
}

async function runClients({ clients, clientRun }) {
  const progress = new Progress(clientStepsOf(clients, clientRun.rounds));
  const measured = await measureClients(clients, clientRun, (text, estimateMs) => {
    progress.step(text, estimateMs);
  });
  progress.end();
  return measured;
}

function runProgram(file) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { status } = spawnSync(process.execPath, ['--expose-gc', path], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
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
