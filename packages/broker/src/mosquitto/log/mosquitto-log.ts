/**
 * The log of a server in Mosquitto's words, for scripts that look for them: what it says at its start and end, about clients that
 * come and go, and, with `log_type debug`, about every packet.
 *
 * Where Mosquitto has nothing to say, Martlet's own words stand.
 *
 *     const words = new MosquittoLog(() => loaded.configuration.log);
 *     const server = await startServer(loaded, words.dependencies);
 */
import { isIP } from 'node:net';
import type { Configuration } from '../../config/configuration.ts';
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';
import type { Log, LogLevel } from '../../core/ports/log.ts';
import type { Accept } from '../../core/ports/transport.ts';
import type { BrokerEvents } from '../../core/telling/events.ts';
import type { Broker } from '../../host/broker.ts';
import type { OpenServedListener } from '../../server/listeners/listener-opening.ts';
import type { ServerDependencies } from '../../server/server-dependencies.ts';
import { MOSQUITTO_VERSION_TEXT } from '../mosquitto-version.ts';
import { endingLine } from './ending-line.ts';
import { shownVersion } from './packet-lines.ts';
import type { ConnectionWatcher } from './watched-connection.ts';
import { WatchedConnection } from './watched-connection.ts';

/** Entries that are said otherwise here, or as part of something else. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set([
  'client-connected',
  'client-disconnected',
  'listening',
  'message-dropped',
  'stopped',
  'subscribed',
  'unsubscribed',
]);

/** Drops of one publisher's own message, which it was not allowed to publish. */
const NOT_AUTHORIZED = 'not-authorized';

/** Nobody is subscribed: Mosquitto says so in its acknowledgement only. */
const NOBODY = 'no-matching-subscribers';

type TellsConnections = Configuration['log'];

export class MosquittoLog implements ConnectionWatcher {
  #log: Log | null;
  readonly #configuration: () => TellsConnections;
  /** Have sent CONNECT, and it is not yet known who they are; by where they come from. */
  readonly #connecting: Map<string, WatchedConnection[]>;
  /** By client identifier; only while packets are shown. */
  readonly #identified: Map<string, WatchedConnection>;
  readonly #clients: Map<WatchedConnection, string>;

  /** @param configuration what is logged now; it may change */
  constructor(configuration: () => TellsConnections) {
    this.#log = null;
    this.#configuration = configuration;
    this.#connecting = new Map();
    this.#identified = new Map();
    this.#clients = new Map();
  }

  /** What `startServer` needs to speak so. */
  get dependencies(): Required<Pick<ServerDependencies, 'phrase' | 'onBroker' | 'openListener'>> {
    return {
      phrase: (log) => this.phrase(log),
      onBroker: (broker) => this.attach(broker),
      openListener: async (configuration, services) => {
        const { openServedListener } = await import('../../server/listeners/open-served-listener.ts');
        return this.opener(openServedListener)(configuration, services);
      },
    };
  }

  /** The same log, for everything else that the server writes. */
  phrase(log: Log): Log {
    this.#log = log;
    return { write: (level, code, text) => this.#write(level, code, text) };
  }

  /** Opens listeners that tell of their connections. */
  opener(open: OpenServedListener): OpenServedListener {
    return (configuration, services) => {
      for (const line of openingLines(configuration)) this.#say('info', 'listening', line);
      return open(configuration, { ...services, accept: this.#toldAccept(configuration, services.accept) });
    };
  }

  /** @returns what ends it */
  attach(broker: Broker): () => void {
    const ends = [
      broker.on('clientConnected', (client) => this.#onConnected(client)),
      broker.on('clientDisconnected', (client) => this.#onEnded(client)),
      broker.on('connectionRefused', (connection) => this.#onEnded(connection)),
      broker.on('subscribed', ({ clientId, topicFilter, qos }) => {
        this.#say('debug', 'subscribed', `${clientId} ${qos} ${topicFilter}`);
      }),
      broker.on('unsubscribed', ({ clientId, topicFilter }) => {
        this.#say('debug', 'unsubscribed', `${clientId} ${topicFilter}`);
      }),
      broker.on('messageDropped', (drop) => this.#onDropped(drop)),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  onLine(line: string): void {
    this.#say('debug', 'packet', line);
  }

  onConnect(connection: WatchedConnection): void {
    const waiting = this.#connecting.get(connection.key);
    if (waiting === undefined) this.#connecting.set(connection.key, [connection]);
    else waiting.push(connection);
  }

  onClosed(connection: WatchedConnection): void {
    this.#forget(connection);
    const clientId = this.#clients.get(connection);
    this.#clients.delete(connection);
    if (clientId !== undefined && this.#identified.get(clientId) === connection) {
      this.#identified.delete(clientId);
    }
  }

  #toldAccept(configuration: ListenerConfiguration, accept: Accept): Accept {
    const port = configuration.path === null ? configuration.port : 0;
    return (transport, origin) => {
      const peer = shownPeer(transport.peer);
      if (this.#configuration().connectionMessages) {
        this.#say('notice', 'connection', `New connection from ${peer} on port ${port}.`);
      }
      const showsPackets = this.#configuration().types.includes('debug');
      const address = peer.replace(/:\d+$/, '');
      const key = `${origin.listener} ${transport.peer}`;
      const watched = new WatchedConnection(key, address, showsPackets, this);
      const sink = accept(watched.watchedTransport(transport), origin);
      if (sink !== null) return watched.watchedSink(sink);
      this.#say(
        'notice',
        'connection',
        `Client connection from ${address} denied: max_connections exceeded.`,
      );
      return null;
    };
  }

  #onConnected(client: BrokerEvents['clientConnected']): void {
    const { clientId, username, protocolVersion, peer, listener, keepAlive } = client;
    const key = `${listener} ${peer}`;
    const connection = this.#connecting.get(key)?.[0];
    if (connection !== undefined) this.#forget(connection);
    if (this.#configuration().connectionMessages) {
      const clean = Number(connection?.cleanStart ?? true);
      const user = username === undefined ? '' : `, u'${username}'`;
      const agreed = `p${shownVersion(protocolVersion)}, c${clean}, k${keepAlive}${user}`;
      const text = `New client connected from ${shownPeer(peer)} as ${clientId} (${agreed}).`;
      this.#say('notice', 'client', text);
    }
    if (connection === undefined) return;
    connection.identify(clientId);
    if (!this.#configuration().types.includes('debug')) return;
    this.#identified.set(clientId, connection);
    this.#clients.set(connection, clientId);
  }

  #forget(connection: WatchedConnection): void {
    const others = this.#connecting.get(connection.key)?.filter((each) => each !== connection) ?? [];
    if (others.length === 0) this.#connecting.delete(connection.key);
    else this.#connecting.set(connection.key, others);
  }

  #onEnded(ended: Parameters<typeof endingLine>[0]): void {
    if (!this.#configuration().connectionMessages) return;
    const { level, text } = endingLine(ended);
    this.#say(level, 'client', text);
  }

  #onDropped({ reason, clientId, topicName, count }: BrokerEvents['messageDropped']): void {
    if (reason === NOT_AUTHORIZED) {
      const text = this.#identified.get(clientId)?.publishTextOf(topicName) ?? `('${topicName}')`;
      this.#say('debug', 'denied', `Denied PUBLISH from ${clientId} ${text}`);
    } else if (reason !== NOBODY)
      this.#say('debug', 'dropped', `${count} on ${topicName} for ${clientId}: ${reason}`);
  }

  #write(level: LogLevel, code: string, text: string): void {
    if (SAID_OTHERWISE.has(code)) return;
    switch (code) {
      case 'started':
        this.#say('info', code, `${MOSQUITTO_VERSION_TEXT} running`);
        return;
      case 'stopping':
        this.#say('info', code, `${MOSQUITTO_VERSION_TEXT} terminating`);
        return;
      case 'signal':
        this.#say('info', code, 'Reloading config.');
        return;
      default:
        this.#say(level, code, text);
    }
  }

  #say(level: LogLevel, code: string, text: string): void {
    this.#log?.write(level, code, text);
  }
}

/** As Mosquitto has it: IPv6 without brackets, a Unix socket by its path and port 0. */
function shownPeer(peer: string): string {
  return peer.startsWith(UNIX) ? `${peer.slice(UNIX.length)}:0` : peer.replace(/^\[(.*)\](:\d+)$/, '$1$2');
}

const UNIX = 'unix:';

function openingLines({
  protocol,
  host,
  port,
  path,
  family,
  interface: device,
}: ListenerConfiguration): string[] {
  if (path !== null) return [`Opening unix listen socket on path ${path}.`];
  if (protocol === 'websocket') return [`Opening websockets listen socket on port ${port}.`];
  const is = device === null ? isIP(host) : 0;
  const families = is === 0 ? (host === '*' || device !== null ? ['ipv4', 'ipv6'] : ['ipv4']) : [`ipv${is}`];
  return families
    .filter((each) => is !== 0 || family === 'both' || family === each)
    .map((each) => `Opening ${each} listen socket on port ${port}.`);
}
