/**
 * A listener of a server that speaks MQTT-SN: a gateway whose clients are connections of the broker, by the name of the
 * listener. Datagrams have no connections that could outlive their socket: where others only stop accepting, this one says
 * goodbye to its clients, who connect again.
 */
import type { ListenerAddress, Log, Origin } from '@martlet/broker';
import { EnvironmentError } from '@martlet/broker';
import type { ListenerConfiguration } from '@martlet/broker/config';
import { ConfigurationError } from '@martlet/broker/config';
import type { OpeningServices, ServedListener } from '@martlet/broker/server';
import { listenError, originOf } from '@martlet/broker/server';
import { SnGateway } from '../host/sn-gateway.ts';
import { serialDevice } from '../links/serial-device.ts';
import { StreamLink } from '../links/stream-link.ts';
import type { OnDatagram } from '../links/udp-link.ts';
import { openUdpLink } from '../links/udp-link.ts';
import { BrokerUpstreams } from '../upstream/broker-upstreams.ts';
import type { GatewayNumbers } from './gateway-numbers.ts';
import type { ListenerMemories, OpenMemory } from './listener-memories.ts';
import type { UsernameOf } from './listener-settings.ts';
import { framingFor, gatewayChanges, udpOptions, usernames } from './listener-settings.ts';
import { predefinedTopicsOf } from './listener-topics.ts';

/** A serial line that has gone, such as one that was unplugged, is looked for so often. */
const AGAIN_MS = 5000;

/** What the listeners of a server share. */
export interface SharedParts {
  readonly numbers: GatewayNumbers;
  readonly memories: ListenerMemories;
}

export class SnListener implements ServedListener {
  readonly name: string;
  readonly #services: OpeningServices;
  readonly #shared: SharedParts;
  readonly #memory: OpenMemory;
  #configuration: ListenerConfiguration;
  #origin: Origin;
  #usernameOf: UsernameOf;
  #changes: ReturnType<typeof gatewayChanges>;
  /** Null: its serial line has gone. */
  #gateway: SnGateway | null = null;
  #address: ListenerAddress;
  #again: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  private constructor(
    configuration: ListenerConfiguration,
    changes: ReturnType<typeof gatewayChanges>,
    services: OpeningServices,
    shared: SharedParts,
    memory: OpenMemory,
  ) {
    this.name = configuration.name;
    this.#configuration = configuration;
    this.#services = services;
    this.#shared = shared;
    this.#memory = memory;
    this.#changes = changes;
    this.#origin = originOf(configuration);
    this.#usernameOf = usernames(configuration.mqttSn);
    this.#address = addressOf(configuration);
  }

  /** Rejects with an `EnvironmentError` or a `ConfigurationError`. */
  static async open(
    configuration: ListenerConfiguration,
    services: OpeningServices,
    shared: SharedParts,
  ): Promise<SnListener> {
    const { name, mqttSn } = configuration;
    const topics = await predefinedTopicsOf(mqttSn, ['listeners', name]);
    const memory = await openMemory(name, services, shared);
    const changes = gatewayChanges(mqttSn, topics);
    const listener = new SnListener(configuration, changes, services, shared, memory);
    try {
      await listener.#open();
      return listener;
    } catch (error) {
      await memory.release();
      throw refusalOf(error, configuration);
    }
  }

  get address(): ListenerAddress {
    return this.#address;
  }

  get connections(): number {
    return this.#gateway?.connections ?? 0;
  }

  get files(): readonly string[] {
    const { predefinedTopicsFile } = this.#configuration.mqttSn;
    return predefinedTopicsFile === null ? [] : [predefinedTopicsFile];
  }

  async prepare(next: ListenerConfiguration): Promise<() => void> {
    const topics = await predefinedTopicsOf(next.mqttSn, ['listeners', next.name]);
    const changes = gatewayChanges(next.mqttSn, topics);
    const usernameOf = usernames(next.mqttSn);
    return () => {
      this.#configuration = next;
      this.#changes = changes;
      this.#origin = originOf(next);
      this.#usernameOf = usernameOf;
      this.#gateway?.reconfigure(changes);
    };
  }

  stop(): Promise<void> {
    return this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#again !== null) clearTimeout(this.#again);
    await this.#closeGateway();
    await this.#memory.release();
  }

  async #closeGateway(): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = null;
    if (gateway === null) return;
    this.#shared.numbers.closed(gateway);
    await gateway.close();
  }

  async #open(): Promise<void> {
    const { gatewayId, discovery, unconnected } = this.#configuration.mqttSn;
    const gateway = await SnGateway.over(
      (onDatagram, onLost) => this.#openLink(onDatagram, onLost),
      {
        ...this.#changes,
        name: this.name,
        memory: this.#memory.memory,
        gatewayId,
        discoverable: discovery,
        longTopics: unconnected?.longTopics === true,
      },
      (onTurn) => this.#upstreams(onTurn),
      (error) => this.#onLost(error),
    );
    if (this.#closing !== null) {
      await gateway.close();
      return;
    }
    this.#gateway = gateway;
    this.#shared.numbers.opened(gateway);
    if (this.#address.kind === 'udp') this.#address = { kind: 'udp', ...gateway.address };
  }

  #openLink(onDatagram: OnDatagram, onLost: (error: Error) => void) {
    const { serial } = this.#configuration.mqttSn;
    if (serial === null) return openUdpLink(udpOptions(this.#configuration), onDatagram, onLost);
    const { device, baudRate, framing, hardwareFlowControl } = serial;
    const open = serialDevice({ path: device, baudRate, hardwareFlowControl });
    return StreamLink.open(open, framingFor(framing), onDatagram, onLost);
  }

  #upstreams(onTurn: () => void): BrokerUpstreams {
    const { accept, unfinishedMessages } = this.#services;
    const listener = this;
    return new BrokerUpstreams({
      attach: accept,
      get origin() {
        return listener.#origin;
      },
      usernameOf: (clientId, peer) => this.#usernameOf(clientId, peer),
      unfinishedMessages,
      soon: (run) => setImmediate(run),
      onTurn,
    });
  }

  /** A socket that fails once goes on; a serial line that ends is opened anew when it is there again. */
  #onLost(error: Error): void {
    const { log } = this.#services;
    if (this.#closing !== null) return;
    log.write('error', 'listener-failed', `${this.name}: ${error.message}`);
    if (this.#configuration.mqttSn.serial === null) return;
    void this.#closeGateway();
    this.#openAgain(log);
  }

  #openAgain(log: Log): void {
    if (this.#again !== null) return;
    this.#again = setTimeout(() => {
      this.#again = null;
      this.#open().then(
        () => log.write('notice', 'listener-restored', `${this.name} is open again`),
        () => {
          if (this.#closing === null) this.#openAgain(log);
        },
      );
    }, AGAIN_MS);
  }
}

function addressOf({ host, port, mqttSn: { serial } }: ListenerConfiguration): ListenerAddress {
  return serial === null ? { kind: 'udp', host, port } : { kind: 'serial', path: serial.device };
}

function openMemory(
  name: string,
  { storeDirectory, log }: OpeningServices,
  { memories }: SharedParts,
): Promise<OpenMemory> {
  const onFailure = (error: Error): void =>
    log.write('error', 'mqtt-sn-clients-not-written', `what ${name} knows of its clients: ${error.message}`);
  return memories.open(name, storeDirectory, onFailure).catch((error: Error) => {
    const text = `${name}: what is known of its clients cannot be read: ${error.message}`;
    throw new EnvironmentError('LISTEN_FAILED', text, error);
  });
}

/** In the broker's words. */
function refusalOf(error: unknown, configuration: ListenerConfiguration): unknown {
  if (error instanceof ConfigurationError || error instanceof EnvironmentError) return error;
  const { group, serial } = configuration.mqttSn;
  const { syscall, code = '', message } = error as NodeJS.ErrnoException;
  if (serial !== null) return new EnvironmentError('LISTEN_FAILED', message, error);
  if (syscall === 'addMembership' || syscall === 'setMulticastInterface') {
    const text = `the group ${group} cannot be joined: ${code}; mqttSn.groupInterface says on which interface`;
    return new EnvironmentError('ADDRESS_NOT_AVAILABLE', text, error);
  }
  return listenError(error, addressOf(configuration), 'another port');
}
