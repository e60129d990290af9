/**
 * A broker that runs a configuration: its store, listeners, access, log and control socket, and how it goes over to another
 * configuration while clients are connected.
 */
import type { Ban, BanSelection } from '../access/authentication/failures/bans.ts';
import type { Configuration } from '../config/configuration.ts';
import type { LoadedConfiguration } from '../config/load-configuration.ts';
import type { Explanation, ExplanationQuery } from '../core/explain/explanation.ts';
import type { Log } from '../core/ports/log.ts';
import type { Broker } from '../host/broker.ts';
import type { BrokerEnvironment } from '../host/broker-environment.ts';
import type { Listener } from '../listeners/listener.ts';
import type { BuildAccess } from './access/access-building.ts';
import type { AccessBuilder } from './access/build-access.ts';
import { ServerAccess } from './access/server-access.ts';
import type { ControlSocket } from './control/control-socket.ts';
import { logEvents } from './event-log.ts';
import type { ServerListeners } from './listeners/server-listeners.ts';
import type { ServerLog } from './log/server-log.ts';
import type { PidFile } from './process/pid-file.ts';
import type { Systemd } from './process/systemd.ts';
import { revokedClients } from './reload/client-recheck.ts';
import { isInMemory } from './reload/fixed-keys.ts';
import type { ReloadedServer } from './reload/reload.ts';
import { Reload } from './reload/reload.ts';
import { tellReloaded, tellReloadFailed } from './reload/reload-log.ts';
import type { IsCurrent } from './reload/reload-queue.ts';
import { ReloadQueue } from './reload/reload-queue.ts';
import type { ReloadReport } from './reload/reload-report.ts';
import type { ServerStore } from './server-store.ts';
import { closeServerStore } from './server-store.ts';
import { DailyLook } from './watch/daily-look.ts';
import { FileWatch } from './watch/file-watch.ts';

type ServerEnvironment = Pick<BrokerEnvironment, 'nowMs' | 'wallMs' | 'setTimer'>;

/** What `startServer` has put together. */
export interface ServerParts {
  readonly broker: Broker;
  readonly loaded: LoadedConfiguration;
  readonly serverLog: ServerLog;
  /** The same, as entries are phrased. */
  readonly log: Log;
  readonly store: ServerStore;
  readonly loadedInMs: number;
  readonly access: ServerAccess;
  readonly listeners: ServerListeners;
  readonly build: BuildAccess;
  /** Null: access is built by somebody else. */
  readonly builder: AccessBuilder | null;
  readonly load: () => Promise<LoadedConfiguration>;
  readonly loadFile: ((path: string) => Promise<LoadedConfiguration>) | null;
  readonly systemd: Systemd | null;
  readonly environment: ServerEnvironment;
}

/** A ban, and how long it lasts yet. */
export interface ListedBan extends Omit<Ban, 'untilMs'> {
  readonly secondsLeft: number;
}

/** A broker that runs a configuration: see `startServer`, which starts one. */
export class Server {
  readonly broker: Broker;
  readonly log: Log;
  readonly store: ServerStore;
  /** How long it took to open the store, and to load what is in it. */
  readonly loadedInMs: number;
  readonly #serverLog: ServerLog;
  readonly #listeners: ServerListeners;
  readonly #build: BuildAccess;
  readonly #builder: AccessBuilder | null;
  readonly #load: () => Promise<LoadedConfiguration>;
  readonly #loadFile: ((path: string) => Promise<LoadedConfiguration>) | null;
  readonly #systemd: Systemd | null;
  readonly #reloads: ReloadQueue<ReloadReport>;
  readonly #watch: FileWatch;
  readonly #daily: DailyLook;
  readonly #environment: ServerEnvironment;
  readonly #startedWallMs: number;
  #loaded: LoadedConfiguration;
  #access: ServerAccess;
  #control: ControlSocket | null;
  #pidFile: PidFile | null;
  #reloadedWallMs: number | null;
  #closing: Promise<boolean> | null;
  #endEvents: () => void;

  /** @see startServer */
  constructor(parts: ServerParts) {
    this.broker = parts.broker;
    this.log = parts.log;
    this.store = parts.store;
    this.loadedInMs = parts.loadedInMs;
    this.#serverLog = parts.serverLog;
    this.#listeners = parts.listeners;
    this.#build = parts.build;
    this.#builder = parts.builder;
    this.#load = parts.load;
    this.#loadFile = parts.loadFile;
    this.#systemd = parts.systemd;
    this.#loaded = parts.loaded;
    this.#access = parts.access;
    this.#watch = new FileWatch((paths) => this.#onFilesChanged(paths));
    this.#environment = parts.environment;
    this.#reloads = new ReloadQueue(async (isCurrent) => this.#reload(await this.#load(), isCurrent), {
      setTimer: (callback, delayMs, keepsAlive) => parts.environment.setTimer(callback, delayMs, keepsAlive),
    });
    this.#daily = new DailyLook(parts.environment, () => {
      for (const { listener } of this.#listeners.running) listener.tellExpiries?.();
    });
    this.#startedWallMs = parts.environment.wallMs();
    this.#control = null;
    this.#pidFile = null;
    this.#reloadedWallMs = null;
    this.#closing = null;
    this.#endEvents = this.#logEvents();
  }

  /** What is in effect. */
  get configuration(): Configuration {
    return this.#loaded.configuration;
  }

  /** The same, with where each value comes from. */
  get loaded(): LoadedConfiguration {
    return this.#loaded;
  }

  get startedWallMs(): number {
    return this.#startedWallMs;
  }

  /** Wall clock; null: there was no reload. */
  get reloadedWallMs(): number | null {
    return this.#reloadedWallMs;
  }

  get controlPath(): string | null {
    return this.#control?.path ?? null;
  }

  /**
   * Goes over to another configuration: all of it, or, with an error, none of it. Reloads that are asked for meanwhile come one after
   * another.
   *
   *     const report = await server.reload();
   *     for (const line of reportLines(report)) console.log(line);
   *
   * @param loaded @default what `load` of the dependencies reads then
   * @throws {ConfigurationError} with every place that is wrong, or that cannot change while the broker runs
   * @throws {EnvironmentError} if the system refuses something, such as a port
   */
  async reload(loaded?: LoadedConfiguration): Promise<ReloadReport> {
    try {
      return await (loaded === undefined
        ? this.#reloads.request()
        : this.#reloads.run((isCurrent) => this.#reload(loaded, isCurrent)));
    } catch (error) {
      tellReloadFailed(this.log, error);
      throw error;
    }
  }

  /**
   * What a reload would do now: everything is read and checked as a reload does, and nothing changes.
   * @param source a configuration, or the path of one. @default what `load` reads
   * @throws as `reload`
   */
  plan(source?: LoadedConfiguration | string): Promise<ReloadReport> {
    return this.#reloads.run(async () => {
      const reload = await Reload.prepare(this.#parts, await this.#planned(source), this.#build, true);
      const report = reload.report(true);
      await reload.abandon();
      return report;
    });
  }

  /**
   * Why a message does or does not arrive, as it is now.
   * @param source a configuration, or the path of one, by whose rules to decide instead of those that are in effect
   * @throws {ConfigurationError} if that one cannot be used
   */
  async why(query: ExplanationQuery, source?: LoadedConfiguration | string): Promise<Explanation> {
    if (source === undefined) return this.broker.explain(query);
    const access = await ServerAccess.build(await this.#planned(source), this.#build, true);
    try {
      return await this.broker.explain(query, { authorizer: access });
    } finally {
      access.close();
    }
  }

  /** Who is banned now, for failures or for connecting too often. */
  get bans(): readonly ListedBan[] {
    const nowMs = this.#environment.nowMs();
    const bans = this.#builder?.memory.listBans(nowMs) ?? [];
    return bans.map(({ untilMs, ...ban }) => ({ ...ban, secondsLeft: Math.ceil((untilMs - nowMs) / 1000) }));
  }

  /**
   * Lets them in again; their failures are counted from 0.
   * @returns how many bans were taken back
   */
  unban(selection: BanSelection): number {
    return this.#builder?.memory.unban(selection) ?? 0;
  }

  /** Those that accept connections. */
  get listeners(): readonly Listener[] {
    return this.#listeners.running.map(({ listener }) => listener);
  }

  /** Log files were moved away: others begin under their names. */
  reopenLogs(): void {
    this.#serverLog.reopen();
  }

  /** Who listens on the control socket, and the pid file: they end with the server. */
  attach(parts: { readonly control?: ControlSocket; readonly pidFile?: PidFile }): void {
    this.#control = parts.control ?? this.#control;
    this.#pidFile = parts.pidFile ?? this.#pidFile;
  }

  /** It serves: files are watched from now on, and systemd is told. */
  ready(): void {
    this.#watchFiles();
    this.#daily.start();
    this.#systemd?.ready(this.#statusText());
  }

  /**
   * Tells clients that the broker goes, closes all connections and the store.
   * @param reason for the log, such as `SIGTERM`
   * @returns whether everything is kept; false also if the disk did not answer
   */
  close(reason = 'asked to'): Promise<boolean> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<boolean> {
    const { broker, log, store } = this;
    this.#systemd?.stopping();
    this.#watch.stop();
    this.#daily.stop();
    const { connections } = broker.gauges;
    log.write(
      'notice',
      'stopping',
      `${reason}: telling clients that the broker goes (${connections} connected)`,
    );
    const deadlineMs = performance.now() + broker.profile.limits.closeTimeoutMs;
    const controlClosed = this.#control?.close();
    await broker.close();
    this.#serverLog.detachTopics();
    this.#access.close();
    await this.#builder?.close();
    const isKept = await closeServerStore(store, deadlineMs, log);
    await controlClosed;
    if (this.#pidFile?.remove() === false)
      log.write(
        'info',
        'pid-file-left',
        'the pid file could not be removed: this user may not do that there',
      );
    const storeText = isKept
      ? store.directory === undefined
        ? ''
        : `, and the store in ${store.directory} is synced and closed`
      : ', the store is not';
    log.write('notice', 'stopped', `all connections are closed${storeText}`);
    await this.#serverLog.close();
    return isKept;
  }

  get #parts(): ReloadedServer {
    return {
      broker: this.broker,
      log: this.#serverLog,
      listeners: this.#listeners,
      loaded: this.#loaded,
      access: this.#access,
    };
  }

  /** Only what is told somewhere: an event that nobody wants costs nothing. */
  #logEvents(): () => void {
    const { types, connectionMessages } = this.configuration.log;
    return logEvents(this.broker, this.log, {
      connections: connectionMessages && types.includes('info'),
      subscriptions: ['debug', 'subscribe', 'unsubscribe'].some((type) => types.includes(type as 'debug')),
      drops: types.includes('debug'),
    });
  }

  async #planned(source: LoadedConfiguration | string | undefined): Promise<LoadedConfiguration> {
    if (source === undefined) return this.#load();
    if (typeof source !== 'string') return source;
    if (this.#loadFile === null)
      throw new TypeError('plan: expected a configuration, since this server reads no files');
    return this.#loadFile(source);
  }

  async #reload(loaded: LoadedConfiguration, isCurrent: IsCurrent): Promise<ReloadReport> {
    this.#systemd?.reloading();
    try {
      const reload = await Reload.prepare(this.#parts, loaded, this.#build, false);
      if (this.#closing !== null || !isCurrent()) {
        await reload.abandon();
        throw new Error('the broker is being closed, or does not wait for this any more');
      }
      const report = reload.commit();
      this.#loaded = loaded;
      this.#access = reload.access;
      this.#reloadedWallMs = this.#environment.wallMs();
      this.#endEvents();
      this.#endEvents = this.#logEvents();
      this.#watchFiles();
      tellReloaded(this.log, report, loaded.source.file ?? 'the configuration');
      return report;
    } finally {
      this.#systemd?.ready(this.#statusText());
    }
  }

  /** Certificates always; the rest if it was asked for. */
  #watchFiles(): void {
    const { configuration, files } = this.#loaded;
    const others = configuration.reload.watch ? [...files, ...this.#access.files] : [];
    this.#watch.watch([...this.#listeners.files, ...others]);
  }

  #onFilesChanged(paths: readonly string[]): void {
    this.log.write('info', 'files-changed', `no longer as they were: ${paths.join(', ')}`);
    // Told in the log, whichever way it ends.
    if (this.configuration.reload.watch) this.reload().catch(() => {});
    else
      this.#reloads
        .run((isCurrent) => this.#refreshListeners(isCurrent))
        .catch((error: unknown) => tellReloadFailed(this.log, error));
  }

  /** Certificates are others: the listeners read theirs anew, and nothing else is read. */
  async #refreshListeners(isCurrent: IsCurrent): Promise<void> {
    const prepared = await this.#listeners.prepare(this.#loaded, false);
    if (!isCurrent()) {
      await prepared.abandon();
      return;
    }
    prepared.commit();
    const revoked = revokedClients(this.broker.clients, this.#listeners.isRevoked.bind(this.#listeners));
    for (const { clientId, reason } of revoked) this.broker.disconnectClient(clientId, undefined, reason);
    this.#watchFiles();
    const ended =
      revoked.length === 0 ? '' : `; ${revoked.length} clients with revoked ones were disconnected`;
    this.log.write(
      'notice',
      'certificates-reloaded',
      `listeners use the certificates and other files that are there now${ended}`,
    );
  }

  /** For `systemctl status`. */
  #statusText(): string {
    const names = this.#listeners.running.map(({ configuration }) => configuration.name);
    return `serving ${names.join(', ')}${isInMemory(this.configuration) ? ', in memory' : ''}`;
  }
}
