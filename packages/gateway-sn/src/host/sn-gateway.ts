/** A gateway that runs: its core, a link, Node's clock and timers; before a broker in this process, or elsewhere. */
import type { Broker } from '@martlet/broker';
import { GatewayCore } from '../core/gateway-core.ts';
import type { GatewayMetrics } from '../core/gateway-metrics.ts';
import type { GatewayChanges, GatewayParts } from '../core/gateway-parts.ts';
import type { Link, Peer } from '../core/ports/link.ts';
import type { ClientMemory } from '../core/ports/memory.ts';
import type { Upstreams } from '../core/ports/upstream.ts';
import type { OpenByteStream } from '../links/byte-stream.ts';
import type { Framing } from '../links/framing/framing.ts';
import { StreamLink } from '../links/stream-link.ts';
import type { OnDatagram, UdpLinkOptions } from '../links/udp-link.ts';
import { openUdpLink } from '../links/udp-link.ts';
import { BrokerUpstreams } from '../upstream/broker-upstreams.ts';
import { MemoryOfClients } from '../upstream/memory-of-clients.ts';
import type { MqttUpstreamsOptions } from '../upstream/mqtt-upstreams.ts';
import { MqttUpstreams } from '../upstream/mqtt-upstreams.ts';
import { GatewayAlarm } from './gateway-alarm.ts';
import { unguessableNumbers } from './unguessable.ts';

/** What an operator chooses; the rest the host brings along. */
export type SnGatewayOptions = Omit<GatewayParts, 'link' | 'upstreams' | 'nowMs' | 'random' | 'memory'> & {
  /** @default in memory */
  readonly memory?: ClientMemory;
  /** As the broker knows its clients' listener. @default `sn:` and the port */
  readonly name?: string;
};

/** Where datagrams come from; opened by {@link SnGateway.listen}. */
export interface OpenLink extends Link {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** How the connections to the broker are made. `onTurn` is to be called before packets are handed on. */
export type MakeUpstreams = (onTurn: () => void, name: string) => Upstreams;

export class SnGateway {
  readonly name: string;
  readonly #core: GatewayCore;
  readonly #link: OpenLink;
  readonly #alarm: GatewayAlarm;
  #closed = false;

  private constructor(link: OpenLink, options: SnGatewayOptions, makeUpstreams: MakeUpstreams) {
    this.#link = link;
    const { host, port } = link.address;
    this.name = options.name ?? (port === 0 ? `sn:${host}` : `sn:${port}`);
    this.#alarm = new GatewayAlarm(() => this.#tick());
    this.#core = new GatewayCore({
      ...options,
      memory: options.memory ?? new MemoryOfClients({ nowMs: () => performance.now() }),
      link,
      random: unguessableNumbers(),
      nowMs: performance.now(),
      upstreams: makeUpstreams(() => this.#tick(), this.name),
    });
    this.#arm();
  }

  /**
   * Listens for MQTT-SN over UDP. Rejects with the system's error when the port cannot be had.
   * @param makeUpstreams `toBroker(broker)`, or `toServer(url)`
   */
  static listen(
    udp: UdpLinkOptions,
    options: SnGatewayOptions,
    makeUpstreams: MakeUpstreams,
    onLost?: (error: Error) => void,
  ): Promise<SnGateway> {
    return SnGateway.over(
      (onDatagram, onGone) => openUdpLink(udp, onDatagram, onGone),
      options,
      makeUpstreams,
      onLost,
    );
  }

  /** Speaks MQTT-SN over a serial line, or whatever else carries bytes in order. Rejects if it cannot be opened. */
  static listenOn(
    openStream: OpenByteStream,
    framing: Framing,
    options: SnGatewayOptions,
    makeUpstreams: MakeUpstreams,
    onLost?: (error: Error) => void,
  ): Promise<SnGateway> {
    return SnGateway.over(
      (onDatagram, onGone) => StreamLink.open(openStream, framing, onDatagram, onGone),
      options,
      makeUpstreams,
      onLost,
    );
  }

  static async over(
    openLink: (onDatagram: OnDatagram, onLost: (error: Error) => void) => Promise<OpenLink>,
    options: SnGatewayOptions,
    makeUpstreams: MakeUpstreams,
    onLost: (error: Error) => void = () => {},
  ): Promise<SnGateway> {
    let gateway: SnGateway | null = null;
    const link = await openLink((peer, bytes, toAll) => gateway?.receive(peer, bytes, toAll), onLost);
    try {
      gateway = new SnGateway(link, options, makeUpstreams);
      return gateway;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  get address(): { readonly host: string; readonly port: number } {
    return this.#link.address;
  }

  /** Clients that are connected or asleep. */
  get connections(): number {
    return this.#core.clients;
  }

  get metrics(): Readonly<GatewayMetrics> {
    return this.#core.metrics;
  }

  get core(): GatewayCore {
    return this.#core;
  }

  /**
   * Goes over to other options for everything that happens from now on; nobody is disconnected.
   * @throws {TypeError | RangeError} for what cannot be; nothing has changed then
   */
  reconfigure(changes: GatewayChanges): void {
    this.#core.reconfigure(changes, performance.now());
    this.#arm();
  }

  receive(peer: Peer, bytes: Uint8Array, toAll: boolean): void {
    if (this.#closed) return;
    this.#core.receive(peer, bytes, performance.now(), toAll);
    this.#arm();
  }

  #tick(): void {
    this.#core.tick(performance.now());
    this.#arm();
  }

  #arm(): void {
    if (!this.#closed) this.#alarm.arm(this.#core.nextDeadlineMs, performance.now());
  }

  /** Tells the clients, and closes. Sleepers find out when they wake. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#core.shutDown(performance.now());
    this.#closed = true;
    this.#alarm.stop();
    await this.#link.close();
  }
}

/** Connections to a broker in this process. */
export function toBroker(broker: Broker): MakeUpstreams {
  return (onTurn, name) =>
    new BrokerUpstreams({
      attach: (transport, origin) => broker.attach(transport, origin),
      unfinishedMessages: (clientId) => broker.unfinishedMessages(clientId),
      origin: { listener: name, kind: 'in-process' },
      soon: (run) => setImmediate(run),
      onTurn,
    });
}

/** Connections to another broker, one for each client. */
export function toServer(options: Omit<MqttUpstreamsOptions, 'onTurn'>): MakeUpstreams {
  return (onTurn) => new MqttUpstreams({ ...options, onTurn });
}
