/**
 * What durable sessions cost that are away: anonymous resident memory (RssAnon) and a start with all of them.
 *
 * 100,000 sessions with a topic and 10 messages each come over sockets, a million with a subscription from the store itself.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generate } from '../load-generator.mjs';
import { startMartlet } from '../measured-broker.mjs';
import { anonymousKilobytes } from '../process-limits.mjs';
import { bytesIn, newDirectory, removeDirectory } from './data-directory.mjs';

const WITH_MESSAGES = 100_000;
const MESSAGES_EACH = 10;
const SUBSCRIBED = 1_000_000;
/** How long a broker is left alone before its memory is read. */
const REST_MS = 2000;

/** @returns {Promise<{ emptyKb: number, withMessages: object, subscribed: object }>} kilobytes and milliseconds */
export async function measureSessions(run) {
  run.onStep('keep-sessions: a broker without any');
  const emptyKb = await emptyBroker(run.parent);
  return {
    emptyKb,
    withMessages: await sessionsWithMessages(run, emptyKb),
    subscribed: await subscribedSessions(run, emptyKb),
  };
}

async function emptyBroker(parent) {
  const directory = newDirectory(parent);
  const figures = await started(directory, 1, 0);
  removeDirectory(directory);
  return figures.anonymousKb;
}

async function sessionsWithMessages(run, emptyKb) {
  const directory = newDirectory(run.parent);
  run.onStep(`keep-sessions: ${WITH_MESSAGES} sessions`);
  const broker = await startMartlet({ directory });
  const outcome = await generate(run.generator, [
    ...[
      '--name',
      'keep-sessions',
      '--host',
      broker.host,
      '--port',
      `${broker.port}`,
      '--pid',
      `${broker.pid}`,
    ],
    ...['--pubs', '50', '--subs', `${WITH_MESSAGES}`, '--topics', `${WITH_MESSAGES}`],
    ...['--each', `${MESSAGES_EACH}`, '--offline', '--qos', '1', '--window', '50', '--burst', '10'],
  ]);
  await wait(REST_MS);
  const runningKb = anonymousKilobytes(broker.pid);
  await broker.stop();
  if (outcome.result === undefined) throw new Error(`keep-sessions: ${outcome.error}`);
  run.onStep('keep-sessions: a start with them');
  const figures = await started(directory, WITH_MESSAGES, emptyKb);
  const storeBytes = bytesIn(directory);
  removeDirectory(directory);
  return { ...figures, runningKb, storeBytes, load: outcome.result };
}

async function subscribedSessions(run, emptyKb) {
  const directory = newDirectory(run.parent);
  run.onStep(`keep-sessions: ${SUBSCRIBED} subscriptions`);
  const program = fileURLToPath(new URL('make-sessions.mjs', import.meta.url));
  execFileSync(process.execPath, [program, directory, `${SUBSCRIBED}`], { stdio: 'inherit' });
  const figures = await started(directory, SUBSCRIBED, emptyKb);
  const storeBytes = bytesIn(directory);
  removeDirectory(directory);
  return { ...figures, storeBytes };
}

/** A broker started on what is there: how long it took, from the process's start and in itself, and what it holds. */
async function started(directory, sessions, emptyKb) {
  const beforeMs = performance.now();
  const broker = await startMartlet({ directory });
  const startMs = performance.now() - beforeMs;
  await wait(REST_MS);
  const anonymousKb = anonymousKilobytes(broker.pid);
  await broker.stop();
  return {
    sessions,
    startMs,
    loadMs: broker.loadMs,
    startCpuMs: broker.cpuMs,
    anonymousKb,
    bytesEach: (anonymousKb * 1024) / sessions,
    addedBytesEach: ((anonymousKb - emptyKb) * 1024) / sessions,
  };
}
