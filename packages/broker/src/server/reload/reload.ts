/**
 * One change of a server from the configuration that is in effect to another one. `prepare` does everything that can fail: files
 * are read, certificates and rules parsed, logs and ports opened. Then either `commit`, which cannot fail and is one step for
 * everybody, or `abandon`, after which everything is as before.
 */
import type { Configuration } from '../../config/configuration.ts';
import { describeChanges } from '../../config/configuration-changes.ts';
import { ConfigurationError, inOrder } from '../../config/configuration-error.ts';
import type { LoadedConfiguration } from '../../config/load-configuration.ts';
import { profileOptionsOf } from '../../config/profile-options.ts';
import { resolveProfile } from '../../core/options/resolve-profile.ts';
import type { Broker } from '../../host/broker.ts';
import { addressText } from '../../listeners/listener.ts';
import type { BuildAccess } from '../access/access-building.ts';
import { ServerAccess } from '../access/server-access.ts';
import type { FatedListener } from '../listeners/listener-fates.ts';
import { placeOf } from '../listeners/listener-place.ts';
import type { PreparedListeners, ServerListeners } from '../listeners/server-listeners.ts';
import type { ServerLog } from '../log/server-log.ts';
import type { EndedClient } from './client-recheck.ts';
import { endedClients, revokedClients } from './client-recheck.ts';
import { fixedKeyProblems } from './fixed-keys.ts';
import type { ListenerReport, ReloadReport } from './reload-report.ts';
import { MAXIMUM_NAMED_CLIENTS } from './reload-report.ts';

/** What there is to change. */
export interface ReloadedServer {
  readonly broker: Broker;
  readonly log: ServerLog;
  readonly listeners: ServerListeners;
  readonly loaded: LoadedConfiguration;
  readonly access: ServerAccess;
}

export class Reload {
  readonly loaded: LoadedConfiguration;
  readonly access: ServerAccess;
  readonly listeners: PreparedListeners;
  readonly #server: ReloadedServer;
  readonly #log: ReturnType<ServerLog['prepare']>;
  /** As the listeners were, before they change. */
  readonly #reports: readonly ListenerReport[];

  private constructor(
    server: ReloadedServer,
    loaded: LoadedConfiguration,
    parts: { readonly access: ServerAccess; readonly log: ReturnType<ServerLog['prepare']> },
    listeners: PreparedListeners,
  ) {
    this.#server = server;
    this.loaded = loaded;
    this.access = parts.access;
    this.#log = parts.log;
    this.listeners = listeners;
    this.#reports = listeners.fates.map((fated) => reportOf(fated, server.listeners));
  }

  /**
   * Rejects with a `ConfigurationError` or an `EnvironmentError`; nothing has changed then.
   * @param isRehearsal it will be abandoned: what would be noticed outside is left out
   */
  static async prepare(
    server: ReloadedServer,
    loaded: LoadedConfiguration,
    build: BuildAccess,
    isRehearsal: boolean,
  ): Promise<Reload> {
    const { configuration, source } = loaded;
    const fixed = fixedKeyProblems(server.loaded.configuration, configuration, source);
    if (fixed.length > 0) throw new ConfigurationError(inOrder(fixed));
    resolveProfile(profileOptionsOf(configuration));
    const access = await ServerAccess.build(loaded, build, isRehearsal);
    let log: ReturnType<ServerLog['prepare']> | undefined;
    try {
      log = server.log.prepare(configuration.log);
      const listeners = await server.listeners.prepare(loaded, isRehearsal);
      return new Reload(server, loaded, { access, log }, listeners);
    } catch (error) {
      access.close();
      log?.abandon();
      throw error;
    }
  }

  /** What it does, or would do, as things are now. */
  report(dryRun: boolean, ended: readonly EndedClient[] = this.#ended()): ReloadReport {
    const { loaded, access } = this;
    return {
      dryRun,
      changes: describeChanges(this.#server.loaded.configuration, loaded.configuration),
      listeners: this.#reports,
      disconnected: ended.slice(0, MAXIMUM_NAMED_CLIENTS).map(({ byListener: _, ...client }) => client),
      disconnectedCount: ended.length,
      notices: [...loaded.notices, ...access.notices],
    };
  }

  /** All of it at once. */
  commit(): ReloadReport {
    const { broker, access: before, listeners } = this.#server;
    const ended = this.#ended();
    this.#log.commit();
    broker.reconfigure({
      profile: profileOptionsOf(this.loaded.configuration),
      authenticator: this.access,
      authorizer: this.access,
    });
    this.access.installed(broker);
    this.listeners.commit();
    const isRevoked = listeners.isRevoked.bind(listeners);
    const gone = new Set(ended.map(({ clientId }) => clientId));
    const revoked = revokedClients(broker.clients, isRevoked).filter(({ clientId }) => !gone.has(clientId));
    for (const { clientId, reason, byListener } of [...ended, ...revoked])
      if (!byListener) broker.disconnectClient(clientId, undefined, reason);
    before.close();
    return this.#settled(this.report(false, [...ended, ...revoked]));
  }

  /** With the addresses that listeners have now: a port of 0 has become one. */
  #settled(report: ReloadReport): ReloadReport {
    const running = new Map(
      this.#server.listeners.running.map(({ configuration, listener }) => [configuration.name, listener]),
    );
    return {
      ...report,
      listeners: report.listeners.map((listener) => {
        const open = listener.fate === 'closed' ? undefined : running.get(listener.name);
        return open === undefined ? listener : { ...listener, place: addressText(open.address) };
      }),
    };
  }

  async abandon(): Promise<void> {
    this.access.close();
    this.#log.abandon();
    await this.listeners.abandon();
  }

  #ended(): readonly EndedClient[] {
    const { broker, loaded, access } = this.#server;
    return endedClients(broker.clients, {
      before: loaded.configuration,
      after: this.loaded.configuration,
      credentialsBefore: access,
      credentialsAfter: this.access,
      fates: this.listeners.fates,
    });
  }
}

function reportOf({ fate, before, after }: FatedListener, listeners: ServerListeners): ListenerReport {
  const running = listeners.running.find(({ configuration }) => configuration === before);
  const shown = after ?? before!;
  const isSamePlace =
    running !== undefined && (after === null || placeOf(after) === placeOf(running.configuration));
  return {
    name: shown.name,
    before: before?.name ?? null,
    fate,
    place: isSamePlace ? addressText(running.listener.address) : placeText(shown),
    connections: running?.listener.connections ?? 0,
  };
}

function placeText({
  path,
  host,
  port,
  interface: network,
  socketActivation,
}: Configuration['listeners'][number]): string {
  if (path !== null) return path;
  if (socketActivation !== null) return `the socket ${socketActivation} of systemd`;
  return `${network ?? (host.includes(':') ? `[${host}]` : host)}:${port}`;
}
