/** `martlet start`: a broker in this process, until a signal ends it. */
import type { Broker, Log, LogLevel } from '@martlet/broker';
import { addressText, createBroker, MARTLET_VERSION } from '@martlet/broker';
import type { Announcement } from './announcement.ts';
import { announcementText } from './announcement.ts';
import type { BrokerStore } from './broker-store.ts';
import { closeBrokerStore, openBrokerStore } from './broker-store.ts';
import { parseLevels } from './durability-options.ts';
import { logEvents } from './event-log.ts';
import { ExitCode } from './exit-code.ts';
import { parseLimits } from './limit-options.ts';
import { warnOfStrangers } from './reachability.ts';
import type { StartOptions } from './start-options.ts';
import { StreamLog } from './stream-log.ts';
import { endingSignal } from './termination.ts';
import type { TextStyle } from './text-style.ts';
import { textStyleFor } from './text-style.ts';

/**
 * Fulfils when the broker has been told to stop and has stopped. Rejects with an error of the environment, or a
 * `UsageError`. Ends the process with exit code 1 if something could not be kept.
 */
export async function start(options: StartOptions): Promise<void> {
  const log = createLog(options);
  const limits = parseLimits(options.limit ?? []);
  const levels = parseLevels(options.durability, options.topicDurability ?? []);
  // Before opening anything: a signal that comes meanwhile ends orderly too.
  const signal = endingSignal();
  const startedMs = performance.now();
  const kept = await untilSignal(openBrokerStore(options.dataDir, levels, log), signal);
  const { fullQueue, queueQos0 = false, willGraceMs } = options;
  const habits = { ...levels, fullQueue, queueQos0, willGraceMs };
  const broker = createBroker({ ...habits, limits, log, store: kept.store });
  const loadedInMs = performance.now() - startedMs;
  if (options.verbose > 0) logEvents(broker, log);
  let text: string;
  try {
    const { directory } = kept;
    const found = { sessions: broker.gauges.sessions, messages: kept.store.messageCount, loadedInMs };
    const data = directory === undefined ? undefined : { directory, ...found };
    text = announcementText({ levels, data, ...(await openListeners(broker, options, log)) });
  } catch (error) {
    await stop(broker, kept, log);
    throw error;
  }
  const ending = await Promise.race([announce(text), signal]);
  const reason = ending === 'broken pipe' ? ending : await signal;
  log.write(
    'notice',
    'stopping',
    `${reason}: telling clients that the broker goes (${broker.gauges.connections} connected)`,
  );
  const isKept = await stop(broker, kept, log);
  if (isKept) log.write('notice', 'stopped', `all connections are closed${storeText(kept)}`);
  else log.write('notice', 'stopped', 'all connections are closed, the store is not');
  // What waits for a disk that does not answer would keep the process from ending.
  if (!isKept) process.exit(ExitCode.Failure);
}

function storeText({ directory }: BrokerStore): string {
  return directory === undefined ? '' : `, and the store in ${directory} is synced and closed`;
}

/** Opening only reads: a signal ends it, and the process, at once. */
async function untilSignal<Opened>(opening: Promise<Opened>, signal: Promise<unknown>): Promise<Opened> {
  let opened = false;
  signal.then(() => {
    if (!opened) process.exit(ExitCode.Success);
  });
  const result = await opening;
  opened = true;
  return result;
}

/** @returns whether everything is kept */
async function stop(broker: Broker, kept: BrokerStore, log: Log): Promise<boolean> {
  const deadlineMs = performance.now() + broker.profile.limits.closeTimeoutMs;
  await broker.close();
  return closeBrokerStore(kept, deadlineMs, log);
}

type Places = Omit<Announcement, 'levels' | 'data'>;

/** @returns what to print about them */
async function openListeners(broker: Broker, options: StartOptions, log: Log): Promise<Places> {
  const { host, port, wsPort, wsPath, wsOrigin, socket } = options;
  const tcp = await broker.listen({ host, port, choice: '--port N' });
  const unix =
    socket === undefined ? undefined : await broker.listen({ path: socket, choice: '--socket PATH' });
  const webSocket = options.ws
    ? await broker.listenWebSocket({
        host,
        port: wsPort,
        path: wsPath,
        ...(wsOrigin === undefined ? {} : { origins: wsOrigin }),
        choice: '--ws-port N or --no-ws',
      })
    : undefined;
  for (const { name, address } of broker.listeners)
    log.write('info', 'listening', `${name} on ${addressText(address)}`);
  await warnOfStrangers(host, webSocket === undefined ? [tcp] : [tcp, webSocket], log);
  return {
    version: MARTLET_VERSION,
    tcp,
    unix,
    webSocket: webSocket === undefined ? undefined : { listener: webSocket, path: wsPath },
    onTerminal: process.stdout.isTTY,
    style: textStyleFor(process.stdout),
    searchPath: process.env['PATH'] ?? '',
  };
}

/** Pending for ever, unless nobody is left to read it. */
function announce(text: string): Promise<'broken pipe'> {
  return new Promise((resolve, reject) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve('broken pipe');
      else reject(error);
    });
    process.stdout.write(text);
  });
}

function createLog({ logFormat, verbose }: StartOptions): StreamLog {
  const style = textStyleFor(process.stderr);
  const levels: readonly LogLevel[] = ['notice', 'info', 'debug'];
  // Whoever read the log has gone; the broker's clients have not.
  process.stderr.on('error', () => {});
  return new StreamLog(process.stderr, {
    format: logFormat,
    level: levels[Math.min(verbose, levels.length - 1)]!,
    now: () => new Date(),
    styleLevel: (level) => styledLevel(level, style),
  });
}

function styledLevel(level: LogLevel, style: TextStyle): string {
  switch (level) {
    case 'error':
      return style('red', level);
    case 'warning':
      return style('yellow', level);
    case 'notice':
    case 'info':
    case 'debug':
      return level;
  }
}
