/** `martlet start`: a broker in this process, until a signal ends it. */
import type { Log } from '@martlet/broker';
import { MARTLET_VERSION } from '@martlet/broker';
import type { LoadedConfiguration, LogConfiguration } from '@martlet/broker/config';
import type { OpenServerStore, Server } from '@martlet/broker/server';
import { activatedSockets, answerSignals, Systemd, startServer } from '@martlet/broker/server';
import { ExitCode } from '../exit-code.ts';
import { wordsFor } from '../mosquitto/words-for.ts';
import { handOverSignals } from '../signal-handover.ts';
import { protocolOpeners } from '../sn/protocol-openers.ts';
import { endingSignal } from '../termination.ts';
import { textStyleFor } from '../text-style.ts';
import { announcementText } from './announcement.ts';
import { chosenConfigurationFile, loadConfigurationFile } from './configuration-file.ts';
import { backgroundReady, startInBackground } from './daemon.ts';
import { withFlagsNamed } from './listening-error.ts';
import { warnOfStrangers } from './reachability.ts';
import { startLogWorld } from './start-log.ts';
import type { StartOptions } from './start-options.ts';
import type { GivenOptions } from './start-overrides.ts';
import { concernsListeners, startOverrides } from './start-overrides.ts';
import { openStartStore } from './start-store.ts';

/**
 * Fulfils when the broker has been told to stop and has stopped, or when it serves in the background. Rejects with an error of the
 * environment or of the configuration, or a `UsageError`. Ends the process with exit code 1 if something could not be kept.
 * @param given the flags that were typed
 * @returns the exit code
 */
export async function start(options: StartOptions, given: GivenOptions): Promise<number> {
  const tellReady = backgroundReady();
  if (options.daemon === true && tellReady === undefined) return startInBackground();
  const file = chosenConfigurationFile(options.config);
  const load = (path = file): Promise<LoadedConfiguration> => loadStart(path, options, given);
  const loaded = await load();
  if (tellReady !== undefined && !isHeard(loaded.configuration.log))
    process.stderr.write(
      'martlet: in the background nobody reads standard error: log.destinations should name a file or syslog\n',
    );
  // Before opening anything: a signal that comes meanwhile ends orderly too.
  const signal = endingSignal();
  let running: Server | undefined;
  const words = await wordsFor(() => (running ?? loaded).configuration);
  const run = (): Promise<Server> =>
    startServer(loaded, {
      ...words,
      openers: protocolOpeners(),
      load,
      loadFile: load,
      log: startLogWorld(),
      openStore: untilSignal(openStartStore, signal),
      activatedSockets: ownSockets(),
      systemd: new Systemd((text) => process.stderr.write(`martlet: ${text}\n`)),
    });
  const server = await (file === undefined ? withFlagsNamed(loaded.configuration, run) : run());
  running = server;
  const answered = ['SIGUSR1', 'SIGUSR2', ...(file === undefined ? [] : (['SIGHUP'] as const))] as const;
  handOverSignals(answered, () => void answerSignals(server, process, answered));
  const remedy =
    file === undefined && given.has('host')
      ? 'without --host only this machine can'
      : file === undefined && given.has('snHost')
        ? 'without --sn-host only this machine can'
        : 'authentication.anonymous: false in the configuration ends that';
  await warnOfStrangers(server.configuration, server.listeners, remedy, server.log);
  tellReady?.();
  const ending = await Promise.race([announce(textFor(server, file)), signal]);
  const isKept = await server.close(ending === 'broken pipe' ? ending : await signal);
  // What waits for a disk that does not answer would keep the process from ending.
  if (!isKept) process.exit(ExitCode.Failure);
  return ExitCode.Success;
}

/** Whether the log goes anywhere but to this terminal, or was not wanted. */
function isHeard({ destinations }: LogConfiguration): boolean {
  return destinations.length === 0 || destinations.some(({ type }) => type !== 'stderr' && type !== 'stdout');
}

/** Defaults < file < environment < flags, whenever it is read. */
async function loadStart(
  path: string | undefined,
  options: StartOptions,
  given: GivenOptions,
): Promise<LoadedConfiguration> {
  const { env } = process;
  const needsPlaces = path !== undefined && concernsListeners(given);
  const known = needsPlaces ? (await loadConfigurationFile(path, { env })).configuration.listeners : [];
  const overrides = startOverrides(options, given, path === undefined ? undefined : known, env);
  return loadConfigurationFile(path, { env, overrides });
}

/** Opening only reads: a signal ends it, and the process, at once. */
function untilSignal(open: OpenServerStore, signal: Promise<unknown>): OpenServerStore {
  return async (configuration, log: Log) => {
    let opened = false;
    signal.then(() => {
      if (!opened) process.exit(ExitCode.Success);
    });
    const store = await open(configuration, log);
    opened = true;
    return store;
  };
}

/** Those that systemd handed over; programs that this one starts are not to take them for theirs. */
function ownSockets(): ReturnType<typeof activatedSockets> {
  const sockets = activatedSockets(process.env, process.pid);
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete process.env[name];
  return sockets;
}

function textFor(
  { broker, configuration, listeners, store, loadedInMs }: Server,
  file: string | undefined,
): string {
  const found = { sessions: broker.gauges.sessions, messages: store.store.messageCount, loadedInMs };
  return announcementText({
    version: MARTLET_VERSION,
    file,
    listeners: configuration.listeners.flatMap((listener) => {
      const open = listeners.find(({ name }) => name === listener.name);
      const { anonymous } = listener.authentication ?? configuration.authentication;
      const isOpen = anonymous && listener.proxyProtocol === 'none';
      return open === undefined ? [] : [{ configuration: listener, address: open.address, isOpen }];
    }),
    levels: configuration.store,
    data: store.directory === undefined ? undefined : { directory: store.directory, ...found },
    onTerminal: process.stdout.isTTY,
    style: textStyleFor(process.stdout),
    searchPath: process.env['PATH'] ?? '',
  });
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
