/**
 * Starts a server from a configuration. What only root may do comes first; when this returns, the process is the user that the
 * configuration names, the broker serves, and whoever waits for it (systemd, a script with a pid file) has been told.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationError, problemText } from '../config/configuration-error.ts';
import type { LoadedConfiguration } from '../config/load-configuration.ts';
import { profileOptionsOf } from '../config/profile-options.ts';
import type { Log } from '../core/ports/log.ts';
import { Broker } from '../host/broker.ts';
import type { BrokerEnvironment } from '../host/broker-environment.ts';
import { nodeEnvironment } from '../host/broker-environment.ts';
import { addressText } from '../listeners/listener.ts';
import type { BuildAccess } from './access/access-building.ts';
import type { AccessBuilder } from './access/build-access.ts';
import { ServerAccess } from './access/server-access.ts';
import { brokerName, registeredPath, registryWorld } from './control/broker-registry.ts';
import type { ControlRequest } from './control/control-message.ts';
import type { ControlSocket } from './control/control-socket.ts';
import { openControlSocket } from './control/control-socket.ts';
import { answerServerRequest } from './control/server-requests.ts';
import { openByProtocol } from './listeners/open-by-protocol.ts';
import { ServerListeners } from './listeners/server-listeners.ts';
import { ServerLog } from './log/server-log.ts';
import { writePidFile } from './process/pid-file.ts';
import type { SystemUser } from './process/system-user.ts';
import { actAs, become, giveTo, systemUser } from './process/system-user.ts';
import { Server } from './server.ts';
import type { ServerDependencies } from './server-dependencies.ts';
import type { ServerStore } from './server-store.ts';
import { closeServerStore, openServerStore } from './server-store.ts';

/** How long a server that could not start waits for its store, in ms. */
const FAILED_CLOSE_MS = 5000;

/**
 * @example
 * const loaded = await loadConfiguration('martlet.yaml', { env: process.env });
 * const server = await startServer(loaded, { load: () => loadConfiguration('martlet.yaml', { env: process.env }) });
 * process.on('SIGHUP', () => server.reload().catch(() => {})); // the log tells
 * @throws {ConfigurationError} for what is wrong in a file that the configuration names
 * @throws {TypeError} for what is no loaded configuration
 * @throws {EnvironmentError | StoreOpenError | StoreLockError} for what the system refuses; nothing is left open then
 */
export async function startServer(
  loaded: LoadedConfiguration,
  dependencies: ServerDependencies = {},
): Promise<Server> {
  if (loaded?.configuration === undefined)
    throw new TypeError('startServer: expected what loadConfiguration or configurationFrom gives, got none');
  const start = new ServerStart(loaded, dependencies);
  try {
    return await start.run();
  } catch (error) {
    start.tell(error);
    await start.undo();
    throw error;
  }
}

class ServerStart {
  readonly #loaded: LoadedConfiguration;
  readonly #dependencies: ServerDependencies;
  readonly #environment: BrokerEnvironment;
  readonly #undoing: (() => unknown)[];
  /** Null: access is built by another one. */
  #builder: AccessBuilder | null;
  /** Null: it could not be opened, or not yet. */
  #log: ServerLog | null;

  constructor(loaded: LoadedConfiguration, dependencies: ServerDependencies) {
    this.#loaded = loaded;
    this.#dependencies = dependencies;
    this.#environment = dependencies.environment ?? serverEnvironment();
    this.#undoing = [];
    this.#builder = null;
    this.#log = null;
  }

  async run(): Promise<Server> {
    const { configuration, source } = this.#loaded;
    const user = configuration.user === null ? null : systemUser(configuration.user);
    const serverLog = this.#openLog(configuration, user);
    const { phrase = (same: Log) => same, load, loadFile, systemd = null } = this.#dependencies;
    const log = phrase(serverLog);
    const build = this.#dependencies.buildAccess ?? (await this.#accessBuilder(log));
    const access = await ServerAccess.build(this.#loaded, build, false);
    this.#undoing.push(() => access.close());
    for (const notice of [...this.#loaded.notices, ...access.notices])
      log.write('notice', notice.code, problemText(notice));
    const loadingMs = this.#environment.nowMs();
    const store = await this.#openStore(configuration, user, log);
    const broker = this.#createBroker(configuration, access, store, log);
    const loadedInMs = this.#environment.nowMs() - loadingMs;
    serverLog.attachTopics({
      publish: (topicName, text) => void broker.publish(topicName, text).catch(() => {}),
      soon: (callback) => this.#environment.soon(callback),
    });
    access.installed(broker);
    this.#dependencies.onBroker?.(broker);
    const listeners = await this.#openListeners(broker, store.directory ?? null, log);
    const server = new Server({
      broker,
      loaded: this.#loaded,
      serverLog,
      log,
      store,
      loadedInMs,
      access,
      listeners,
      build,
      builder: this.#builder,
      load: load ?? (() => Promise.resolve(server.loaded)),
      loadFile: loadFile ?? null,
      systemd,
      environment: this.#environment,
    });
    const control = await this.#openControl(server, user);
    if (control !== null) {
      this.#undoing.push(() => control.close());
      server.attach({ control });
    }
    if (configuration.pidFile !== null) {
      const pidFile = writePidFile(configuration.pidFile);
      this.#undoing.push(() => pidFile.remove());
      giveTo(user, configuration.pidFile);
      server.attach({ pidFile });
    }
    for (const { path, pathOwner, pathGroup } of configuration.listeners)
      if (path !== null && pathOwner === null && pathGroup === null) giveTo(user, path);
    if (user !== null) become(user);
    const what = source.file === undefined ? '' : ` with ${source.file}`;
    log.write('info', 'started', `the broker serves${what}`);
    server.ready();
    return server;
  }

  /** Whoever started it tells the terminal why there is no broker. Logs are read where there is none, too. */
  tell(error: unknown): void {
    const { destinations } = this.#loaded.configuration.log;
    if (this.#log === null || destinations.some(({ type }) => type === 'stderr' || type === 'stdout')) return;
    const texts =
      error instanceof ConfigurationError
        ? error.problems.map(problemText)
        : [error instanceof Error ? error.message : String(error)];
    for (const text of texts) this.#log.write('error', 'not-started', text);
  }

  /** The latest first. What fails is passed over: the error that led here is the one to tell. */
  async undo(): Promise<void> {
    for (const undo of this.#undoing.reverse()) {
      try {
        await undo();
      } catch {
        // See above.
      }
    }
  }

  #openLog(configuration: Configuration, user: SystemUser | null): ServerLog {
    const log = new ServerLog(configuration.log, {
      stdout: process.stdout,
      stderr: process.stderr,
      wallMs: () => this.#environment.wallMs(),
      ...this.#dependencies.log,
    });
    this.#log = log;
    this.#undoing.push(() => log.close());
    for (const destination of configuration.log.destinations)
      if (destination.type === 'file') giveTo(user, destination.path);
    return log;
  }

  async #openStore(configuration: Configuration, user: SystemUser | null, log: Log): Promise<ServerStore> {
    const { openStore = openServerStore } = this.#dependencies;
    const { directory } = configuration.store;
    if (user !== null && typeof directory === 'string') {
      const made = mkdirSync(directory, { recursive: true, mode: 0o750 });
      if (made !== undefined) giveTo(user, directory);
    }
    const store = await actAs(user, () => openStore(configuration, log));
    this.#undoing.push(() => closeServerStore(store, performance.now() + FAILED_CLOSE_MS, log));
    return store;
  }

  #createBroker(
    configuration: Configuration,
    access: ServerAccess,
    { store }: ServerStore,
    log: Log,
  ): Broker {
    const broker = new Broker({
      ...profileOptionsOf(configuration),
      store,
      authenticator: access,
      authorizer: access,
      log,
      environment: this.#environment,
    });
    this.#undoing.push(() => broker.close());
    return broker;
  }

  async #openListeners(broker: Broker, storeDirectory: string | null, log: Log): Promise<ServerListeners> {
    const { activatedSockets = [], tlsKeyLog } = this.#dependencies;
    const own =
      this.#dependencies.openListener ??
      (await import('./listeners/open-served-listener.ts')).openServedListener;
    const { openers = {} } = this.#dependencies;
    for (const { sysTopics } of Object.values(openers)) broker.tellInSys(sysTopics);
    const listeners = new ServerListeners(broker, openByProtocol(own, openers), {
      activatedSockets,
      storeDirectory,
      wallMs: () => this.#environment.wallMs(),
      tlsKeyLog,
      log,
    });
    const prepared = await listeners.prepare(this.#loaded, false);
    prepared.commit();
    for (const { listener } of listeners.running) {
      const { name, address } = listener;
      log.write('info', 'listening', `${name} on ${addressText(address)}`);
    }
    return listeners;
  }

  /** As the user that the broker will be: so it can take the socket away again. */
  async #openControl(server: Server, user: SystemUser | null): Promise<ControlSocket | null> {
    const { socket } = server.configuration.control;
    if (socket === 'none') return null;
    const name = brokerName(server.loaded.source.file);
    const { registry = registryWorld(), answerMore = () => undefined } = this.#dependencies;
    if (socket === 'default' && user !== null) {
      mkdirSync(registry.systemDirectory, { recursive: true, mode: 0o700 });
      giveTo(user, registry.systemDirectory);
    }
    const answer = (request: ControlRequest): Promise<unknown> =>
      answerServerRequest(server, request, name, answerMore);
    if (socket !== 'default') return actAs(user, () => openControlSocket(socket, answer));
    try {
      const uid = user?.uid ?? registry.uid;
      return await actAs(user, async () =>
        openControlSocket(registeredPath(name, process.pid, { ...registry, uid }), answer),
      );
    } catch (error) {
      // Nobody has asked for it: a file system that cannot be written keeps no broker from serving.
      server.log.write('warning', 'no-control-socket', (error as Error).message);
      return null;
    }
  }

  async #accessBuilder(log: Log): Promise<BuildAccess> {
    const { AccessBuilder } = await import('./access/build-access.ts');
    const builder = new AccessBuilder({ clock: this.#environment, log, env: process.env });
    this.#builder = builder;
    this.#undoing.push(() => builder.close());
    return (loaded, isRehearsal) => builder.build(loaded, isRehearsal);
  }
}

/** Every listener of a configuration has a prefix for the identifiers that it makes: what follows it is as Mosquitto has it. */
function serverEnvironment(): BrokerEnvironment {
  return { ...nodeEnvironment(), newClientId: () => randomUUID().toUpperCase() };
}
