/** Finds a running broker of this machine, and asks it something. */
import { rmSync } from 'node:fs';
import type { RegisteredBroker, RegistryWorld } from '@martlet/broker/control';
import { registeredBrokers, registryDirectories, registryWorld } from '@martlet/broker/control';
import { CommandFailure } from '../command-failure.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import { askAt, BrokerRefusal } from './control-connection.ts';
import type { BrokerChoice } from './control-flags.ts';

/** A reload may read many files, and wait for another one. */
const TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2000;

/**
 * Asks the one broker that runs on this machine, or the one that was chosen.
 *
 *     const status = (await askBroker({}, 'status')) as ServerStatus;
 *
 * @throws {CommandFailure} if none runs, if it cannot be reached, or if it says no: then `cause` is a `BrokerRefusal`
 * @throws {UsageError} if several run and none was chosen
 */
export async function askBroker(
  choice: BrokerChoice,
  request: string,
  parameters: Readonly<Record<string, unknown>> = {},
  world: RegistryWorld = registryWorld(),
): Promise<unknown> {
  const path = choice.control ?? (await chosenBroker(choice.broker, world)).path;
  try {
    return await askAt(path, request, parameters, TIMEOUT_MS);
  } catch (error) {
    throw new CommandFailure(failureText(error, path), { cause: error });
  }
}

/**
 * Asks all that run on this machine and that this user may ask, at the same time.
 * @returns their answers, in the order of their names, and a text for each that gave none
 * @throws {CommandFailure} if none runs
 */
export async function askEveryBroker(
  request: string,
  world: RegistryWorld = registryWorld(),
): Promise<{ readonly answers: readonly unknown[]; readonly failures: readonly string[] }> {
  const running = await runningBrokers(world);
  if (running.length === 0) throw noneRuns(world);
  const asked = await Promise.allSettled(
    running.map(({ path }) => askAt(path, request, {}, PROBE_TIMEOUT_MS)),
  );
  return {
    answers: asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    failures: asked.flatMap((one, index) => {
      if (one.status === 'fulfilled') return [];
      const { name, pid, path } = running[index]!;
      return [`${name} (process ${pid}): ${failureText(one.reason, path)}`];
    }),
  };
}

function noneRuns(world: RegistryWorld): CommandFailure {
  const places = registryDirectories(world).join(', ');
  return new CommandFailure(
    `no broker of this user runs on this machine (looked in ${places}); start one, or name its socket with --control`,
  );
}

async function chosenBroker(name: string | undefined, world: RegistryWorld): Promise<RegisteredBroker> {
  const running = await runningBrokers(world);
  const found =
    name === undefined
      ? running
      : running.filter((broker) => broker.name === name || String(broker.pid) === name);
  const list = running.map((broker) => `${broker.name} (process ${broker.pid})`).join(', ');
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (running.length === 0) throw noneRuns(world);
  if (only === undefined)
    throw new UsageError(`option '--broker': expected one of ${list}, got ${quoted(name!)}`);
  throw new UsageError(`choose a broker with --broker, by its name or process: ${list}`);
}

/** Those that answer. A socket whose broker was killed is taken away. */
async function runningBrokers(world: RegistryWorld): Promise<readonly RegisteredBroker[]> {
  const brokers = await Promise.all(
    registeredBrokers(world).map(async (broker) => ((await answers(broker)) ? [broker] : [])),
  );
  return brokers.flat();
}

async function answers({ path, pid }: RegisteredBroker): Promise<boolean> {
  try {
    await askAt(path, 'status', {}, PROBE_TIMEOUT_MS);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' && !isAlive(pid)) rmSync(path, { force: true });
    // One that is busy, or of another release, is there all the same.
    return code === 'ETIMEDOUT' || error instanceof BrokerRefusal;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function failureText(error: unknown, path: string): string {
  if (error instanceof BrokerRefusal) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return `${path}: there is no such socket; is the broker running?`;
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return `${path}: no broker listens there any more`;
    case 'EACCES':
      return `${path}: only the user of that broker may open it; try as that user, or as root`;
    default:
      return `${path}: ${message}`;
  }
}
