/** Runs a broker as `mosquitto` does: from a `mosquitto.conf` or Mosquitto's defaults, until a signal ends it. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Log } from '@martlet/broker';
import { MARTLET_VERSION } from '@martlet/broker';
import type { ConfigurationProblem } from '@martlet/broker/config';
import { ConfigurationError } from '@martlet/broker/config';
import type { LoadedMosquittoConfiguration, TranslationSurroundings } from '@martlet/broker/mosquitto';
import { loadMosquittoConfiguration, MOSQUITTO_VERSION_TEXT, MosquittoLog } from '@martlet/broker/mosquitto';
import type { Server } from '@martlet/broker/server';
import {
  activatedSockets,
  answerSignals,
  escapeControls,
  Systemd,
  startServer,
} from '@martlet/broker/server';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { handOverSignals } from '../signal-handover.ts';
import { startLogWorld } from '../start/start-log.ts';
import type { MosquittoValues } from './mosquitto-flags.ts';
import { MosquittoStatus } from './mosquitto-status.ts';

/**
 * @param tellReady called when it serves, in a process that runs in the background
 * @returns the exit status
 */
export async function runMosquitto(
  values: MosquittoValues,
  io: CommandIo,
  tellReady: (() => void) | undefined,
): Promise<number> {
  const say = (text: string): void => {
    io.stderr.write(`${Math.floor(io.wallMs() / 1000)}: ${escapeControls(text)}\n`);
  };
  const load = (path = values.config): Promise<LoadedMosquittoConfiguration> =>
    loadMosquitto({ ...values, config: path });
  let loaded: LoadedMosquittoConfiguration;
  try {
    loaded = await load();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    sayProblems(error.problems, say);
    return MosquittoStatus.Invalid;
  }
  if (values.testConfig) {
    for (const { file, line, key, text } of loaded.notices) say(`${placeText(file, line)}${key}: ${text}`);
    say('Configuration file is OK.');
    return MosquittoStatus.Success;
  }
  try {
    const server = await serve(loaded, load, values);
    tellReady?.();
    return await untilEnd(server, io);
  } catch (error) {
    return statusOf(error, say);
  }
}

function loadMosquitto(values: MosquittoValues): Promise<LoadedMosquittoConfiguration> {
  const { env } = process;
  const surroundings: TranslationSurroundings = {
    directory: process.cwd(),
    env,
    ports: values.port,
    ...(values.quiet ? { logged: 'nothing' } : values.verbose ? { logged: 'everything' } : {}),
  };
  return loadMosquittoConfiguration(values.config, surroundings, { env });
}

async function serve(
  loaded: LoadedMosquittoConfiguration,
  load: (path?: string) => Promise<LoadedMosquittoConfiguration>,
  values: MosquittoValues,
): Promise<Server> {
  let server: Server | undefined;
  const { dependencies } = new MosquittoLog(() => (server?.configuration ?? loaded.configuration).log);
  const keyLog = keyLogFor(values.tlsKeyLog);
  const answerEarly = heldSignals();
  server = await startServer(loaded, {
    ...dependencies,
    load: () => load(),
    loadFile: load,
    phrase: (log) => {
      tellStart(log, loaded, values);
      return dependencies.phrase(log);
    },
    log: startLogWorld(),
    activatedSockets: activatedSockets(process.env, process.pid),
    systemd: new Systemd((text) => process.stderr.write(`${text}\n`)),
    ...(keyLog === undefined ? {} : { tlsKeyLog: keyLog }),
  });
  answerEarly(server);
  return server;
}

const SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Signals that come before there is a server to answer them wait for it. @returns what hands them over */
function heldSignals(): (server: Server) => void {
  const held = new Set<(typeof SIGNALS)[number]>();
  handOverSignals(SIGNALS, () => {
    for (const signal of SIGNALS) process.on(signal, () => held.add(signal));
  });
  return (server) => {
    handOverSignals(SIGNALS, () => void answerSignals(server));
    for (const signal of held) process.emit(signal);
  };
}

/** What `mosquitto` says before anything else. */
function tellStart(
  log: Log,
  { isLocalOnly }: LoadedMosquittoConfiguration,
  { config, port }: MosquittoValues,
): void {
  log.write('info', 'starting', `${MOSQUITTO_VERSION_TEXT} starting`);
  log.write('info', 'starting', `This is Martlet ${MARTLET_VERSION} in its place.`);
  log.write(
    'info',
    'configuration',
    config === undefined ? 'Using default config.' : `Config loaded from ${config}.`,
  );
  if (isLocalOnly) {
    for (const text of LOCAL_ONLY) log.write('info', 'local-only', text);
  } else if (port.length > 0) {
    log.write('warning', 'without-effect', '-p has no effect: the configuration file has a listener');
  }
}

const LOCAL_ONLY: readonly string[] = [
  'Starting in local only mode. Connections will only be possible from clients running on this machine.',
  'Create a configuration file which defines a listener to allow remote access.',
];

/** @throws {CommandFailure} if the file cannot be opened */
function keyLogFor(path: string | undefined): ((line: Uint8Array) => void) | undefined {
  if (path === undefined) return undefined;
  let file: number;
  try {
    file = openSync(path, 'a', 0o600);
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
  process.once('exit', () => closeSync(file));
  return (line) => {
    try {
      writeSync(file, line);
    } catch {
      // A full disk ends no handshake.
    }
  };
}

async function untilEnd(server: Server, { signal }: CommandIo): Promise<number> {
  // Whoever read the log has gone; the broker's clients have not.
  process.stdout.on('error', () => {});
  const reason = await new Promise<unknown>((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
  const isKept = await server.close(reason instanceof Error ? reason.message : 'a signal');
  return isKept ? MosquittoStatus.Success : MosquittoStatus.Failure;
}

/** Options whose files are read when a listener is opened: Mosquitto ends with 1 if they cannot be. */
const TLS_FILES: readonly string[] = ['cafile', 'capath', 'certfile', 'keyfile', 'crlfile'];

/** The start has failed: what was wrong is said, as `mosquitto` does. */
function statusOf(error: unknown, say: (text: string) => void): number {
  if (error instanceof ConfigurationError) {
    sayProblems(error.problems, say);
    const isOfTls = error.problems.some(({ key }) => TLS_FILES.includes(key));
    if (isOfTls) return MosquittoStatus.Failure;
    const isMissing = error.problems.some(({ code }) => code === 'file-unreadable');
    return isMissing ? MosquittoStatus.NotFound : MosquittoStatus.Invalid;
  }
  const failure = CommandFailure.ofSystem(error);
  const isKnown = error instanceof Error && 'code' in error;
  if (failure === null && !isKnown) throw error;
  say(`Error: ${(failure ?? (error as Error)).message}`);
  return MosquittoStatus.Failure;
}

/** What is wrong, and below it where, as `mosquitto` says it. */
function sayProblems(problems: readonly ConfigurationProblem[], say: (text: string) => void): void {
  for (const { file, line, key, text } of problems) {
    say(`Error: ${key === '' ? '' : `${key}: `}${text}`);
    say(line === undefined ? `Error found in ${file}.` : `Error found at ${file}:${line}.`);
  }
}

function placeText(file: string, line: number | undefined): string {
  return line === undefined ? `${file}: ` : `${file}:${line}: `;
}
