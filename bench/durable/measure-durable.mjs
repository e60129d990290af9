/**
 * The set `durable`: what keeping costs, at each level, beside the bare floor of the disk and beside systems without the promise.
 */
import { buildGenerator, generate } from '../load-generator.mjs';
import { startMartlet } from '../measured-broker.mjs';
import { measureRound } from '../measured-round.mjs';
import { rowOf } from '../report.mjs';
import { faultsOf, spreadOf, summarize } from '../samples.mjs';
import { SCENARIOS } from '../scenarios.mjs';
import targets from '../targets.json' with { type: 'json' };
import { bytesIn, diskAt, newDirectory, removeDirectory } from './data-directory.mjs';
import { measureFloor, measureSync } from './disk-floor.mjs';
import { startKeeper } from './keepers.mjs';
import { measureSessions } from './kept-sessions.mjs';
import { measureSize } from './log-size.mjs';

const SYNC_SECS = 2;
const FLOOR_SECS = 0.7;
/** Of the scenarios in which nothing is durable: one round, shorter than those that are for themselves. */
const NOTHING_SECS = 2;
/** What the log takes for a message and its reference until it has been measured. */
const USUAL_MESSAGE_BYTES = 125;

/**
 * @param {readonly Part[]} parts
 * @param {{ rounds: number, secs: number, steadySecs: number, disk?: string, mosquitto: string | null }} options
 * @param {(text: string) => void} onStep told what begins
 */
export async function measureDurable(parts, options, onStep) {
  const disk = diskAt(options.disk);
  const run = { ...options, parent: disk.parent, generator: await buildGenerator('mqload'), onStep };
  const directory = newDirectory(disk.parent);
  onStep('the disk');
  const sync = await measureSync(directory, SYNC_SECS);
  const rows = await measureLoads(
    parts.filter(({ load }) => load !== undefined),
    run,
  );
  onStep('the floor');
  const messageBytes = rows.find(
    ({ name, keeper }) => name === 'keep-one' && keeper === 'disk',
  )?.messageBytes;
  const floor = await measureFloor(directory, messageBytes || USUAL_MESSAGE_BYTES, FLOOR_SECS);
  removeDirectory(directory);
  const failures = [];
  /** One part that fails leaves the others their figures. */
  const part = async (name, measure) => {
    if (!parts.some((each) => each.name === name)) return null;
    try {
      return await measure(run);
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
      return null;
    }
  };
  return {
    disk: { fileSystem: disk.fileSystem, device: disk.device, sync },
    floor: { messageBytes: messageBytes || USUAL_MESSAGE_BYTES, rows: floor },
    rows,
    nothing: await part('keep-nothing', measureNothing),
    sessions: await part('keep-sessions', measureSessions),
    size: await part('keep-size', measureSize),
    failures,
  };
}

/** How many steps `measureDurable` tells of. */
export function stepsOf(parts, rounds) {
  const own = {
    'keep-nothing': SCENARIOS.filter(({ set }) => set === 'compare').length,
    'keep-sessions': 4,
    'keep-size': 2,
  };
  return parts.reduce((sum, { name, keepers }) => sum + (own[name] ?? keepers.length * rounds), 2);
}

/** Several rounds of each load with each keeper, in turn. */
async function measureLoads(parts, run) {
  const series = parts.flatMap((part) =>
    part.keepers
      .filter((keeper) => keeper !== 'mosquitto' || run.mosquitto !== null)
      .map((keeper) => ({ part, keeper, results: [], errors: [] })),
  );
  for (let round = 1; round <= run.rounds; round++) {
    for (const each of series) {
      run.onStep(`${each.part.name} ${each.keeper}, round ${round}`);
      const { result, error } = await measureLoad(each, run);
      if (result === undefined) each.errors.push(error);
      else each.results.push(result);
    }
  }
  return series.map((each) => rowOfLoad(each, series));
}

function rowOfLoad({ part, keeper, results, errors }, series) {
  const memory = series.find((other) => other.part === part && other.keeper === 'memory')?.results ?? [];
  const above = results.map((result, round) => result.cpu_us_per_msg - memory[round]?.cpu_us_per_msg);
  return {
    name: part.name,
    text: part.text,
    keeper,
    target: targets.durable[part.name]?.[keeper],
    figures: { ...summarize(results), above_memory_us: spreadOf(above.filter(Number.isFinite)) },
    faults: faultsOf(results),
    errors,
    messageBytes: results.at(-1)?.log_bytes_each,
  };
}

async function measureLoad({ part, keeper }, run) {
  const broker = await startKeeper(keeper, { ...run, defaultLimits: part.defaultLimits });
  try {
    const empty = bytesIn(broker.directory);
    // Mosquitto gives a backlog of this size back in minutes.
    const collect = part.collect && keeper !== 'mosquitto' ? ['--collect'] : [];
    const args = [
      ...['--name', part.name, '--host', broker.host, '--port', `${broker.port}`, '--pid', `${broker.pid}`],
      ...['--secs', `${run.secs}`, '--warm', '0.7', ...collect, ...part.load.split(' ')],
    ];
    let bytes = 0;
    const outcome = await generate(run.generator, args, () => {
      bytes = bytesIn(broker.directory) - empty;
    });
    const { result } = outcome;
    if (result?.kept !== undefined) result.log_bytes_each = bytes / result.kept;
    return outcome;
  } finally {
    await broker.end();
  }
}

/** compare.sh's scenarios: the store is open, and nothing must be written. */
async function measureNothing(run) {
  // A scenario that has a broker to itself has a store to itself.
  const [untouched, shared, alone] = [1, 2, 3].map(() => newDirectory(run.parent));
  const idle = await startMartlet({ directory: untouched });
  await idle.stop();
  const series = SCENARIOS.filter(({ set }) => set === 'compare').map((scenario) => ({
    scenario: { ...scenario, broker: { ...scenario.broker, directory: scenario.alone ? alone : shared } },
    target: targets.scenarios[scenario.name],
    measured: { martlet: [], mosquitto: [] },
    errors: [],
    otherErrors: [],
  }));
  const options = { ...run, running: null, secs: NOTHING_SECS, generators: { mqload: run.generator } };
  await measureRound(series, options, (name) => run.onStep(`keep-nothing: ${name}`));
  const [untouchedBytes, ...storeBytes] = [untouched, shared, alone].map(bytesIn);
  for (const directory of [untouched, shared, alone]) removeDirectory(directory);
  return {
    untouchedBytes,
    storeBytes: Math.max(...storeBytes),
    rows: series.map((each) => {
      const { martlet, mosquitto } = each.measured;
      return rowOf({ ...each, faults: { martlet: faultsOf(martlet), mosquitto: faultsOf(mosquitto) } });
    }),
  };
}
