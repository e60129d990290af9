/**
 * Clients that keep to the specification on a network that breaks: what they have sent may be lost on the way, and what was
 * sent to them is lost unless they have looked at it. Their own state outlives their connections, as it must.
 *
 *     outbox ──transmit──▶ broker ──▶ received by TestClient ──handle──▶ client
 */
import type { ConnackPacket, ConnectPacket, Packet, PublishPacket, Qos } from '@martlet/protocol';
import { acknowledgement, publishPacket } from './packets.ts';
import type { TestClient } from './test-client.ts';
import type { World } from './world.ts';

abstract class CorrectClient {
  readonly connect: Partial<ConnectPacket>;
  #client: TestClient | null = null;
  #outbox: Packet[] = [];
  #inbox: Packet[] = [];
  #isConnected = false;
  #hasSession = false;

  constructor(connect: Partial<ConnectPacket>) {
    this.connect = connect;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Nothing is under way in either direction. */
  get isQuiet(): boolean {
    return this.#outbox.length === 0 && this.#isConnected && this.#looked().length === 0;
  }

  /** Begins a connection, if there is none. */
  open(world: World): void {
    if (this.#client !== null && !this.#client.closed) return;
    this.lose();
    this.#client = world.connecting({ ...this.connect, cleanStart: false });
  }

  /** The network breaks, with everything that was on its way. */
  drop(): void {
    this.#client?.drop();
    this.lose();
  }

  /** The broker is gone, with everything that was on its way. */
  lose(): void {
    this.#client = null;
    this.#isConnected = false;
    this.#outbox = [];
    this.#inbox = [];
  }

  /** So many packets reach the broker, in one read. */
  transmit(count: number): void {
    const packets = this.#outbox.splice(0, count);
    if (packets.length > 0) this.#client?.send(...packets);
  }

  /** Looks at one packet that came. */
  handle(): void {
    const packet = this.#looked().shift();
    if (packet === undefined) return;
    if (packet.type === 'connack') this.#onConnack(packet);
    else this.on(packet);
  }

  protected send(packet: Packet): void {
    this.#outbox.push(packet);
  }

  protected abstract on(packet: Packet): void;

  /** The session goes on: what was open is sent again. */
  protected abstract resume(): void;

  #onConnack({ reasonCode, sessionPresent }: ConnackPacket): void {
    if (reasonCode !== 0) throw new Error(`CONNACK with reason code ${reasonCode}`);
    if (sessionPresent !== this.#hasSession)
      throw new Error(`CONNACK with session present ${sessionPresent}`);
    this.#hasSession = true;
    this.#isConnected = true;
    this.resume();
  }

  #looked(): Packet[] {
    this.#inbox.push(...(this.#client?.take() ?? []));
    return this.#inbox;
  }
}

export class CorrectPublisher extends CorrectClient {
  readonly #open = new Map<number, { readonly packet: PublishPacket; isReceived: boolean }>();
  readonly #packetIds: number;

  /** @param packetIds how many packet identifiers it uses, in turn */
  constructor(connect: Partial<ConnectPacket>, packetIds: number) {
    super(connect);
    this.#packetIds = packetIds;
  }

  get isDone(): boolean {
    return this.#open.size === 0;
  }

  /** False while all packet identifiers are in use. */
  publish(topicName: string, payload: string, qos: 1 | 2): boolean {
    if (!this.isConnected) return false;
    for (let packetId = 1; packetId <= this.#packetIds; packetId++) {
      if (this.#open.has(packetId)) continue;
      const packet = publishPacket(topicName, payload, { qos, packetId });
      this.#open.set(packetId, { packet, isReceived: false });
      this.send(packet);
      return true;
    }
    return false;
  }

  protected override resume(): void {
    // A Map keeps the order in which the messages were first sent.
    for (const [packetId, { packet, isReceived }] of this.#open) {
      this.send(isReceived ? acknowledgement('pubrel', packetId) : { ...packet, dup: true });
    }
  }

  protected override on(packet: Packet): void {
    if (packet.type === 'puback' || packet.type === 'pubcomp') {
      this.#open.delete(packet.packetId);
    } else if (packet.type === 'pubrec') {
      const open = this.#open.get(packet.packetId);
      if (open !== undefined) open.isReceived = true;
      this.send(acknowledgement('pubrel', packet.packetId));
    } else {
      throw new Error(`a publisher got ${packet.type}`);
    }
  }
}

export class CorrectSubscriber extends CorrectClient {
  /** What it took over, with repetitions at QoS 1. */
  readonly messages: PublishPacket[] = [];
  readonly #received = new Set<number>();
  readonly #receiveMaximum: number;
  #openNow = new Set<number>();

  constructor(connect: Partial<ConnectPacket>) {
    super(connect);
    this.#receiveMaximum = connect.properties?.receiveMaximum ?? 65_535;
  }

  subscribe(topicFilter: string, qos: Qos): void {
    const subscription = {
      topicFilter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    this.send({ type: 'subscribe', packetId: 1, subscriptions: [subscription], properties: {} });
  }

  protected override resume(): void {
    this.#openNow = new Set();
  }

  protected override on(packet: Packet): void {
    switch (packet.type) {
      case 'publish':
        if (packet.qos > 0) this.#openNow.add(packet.packetId);
        if (this.#openNow.size > this.#receiveMaximum) throw new Error('the Receive Maximum was exceeded');
        if (packet.qos !== 2 || !this.#received.has(packet.packetId)) this.messages.push(packet);
        if (packet.qos === 1) {
          this.#openNow.delete(packet.packetId);
          this.send(acknowledgement('puback', packet.packetId));
        }
        if (packet.qos === 2) {
          this.#received.add(packet.packetId);
          this.send(acknowledgement('pubrec', packet.packetId));
        }
        break;
      case 'pubrel':
        this.#openNow.delete(packet.packetId);
        this.#received.delete(packet.packetId);
        this.send(acknowledgement('pubcomp', packet.packetId));
        break;
      case 'suback':
        break;
      default:
        throw new Error(`a subscriber got ${packet.type}`);
    }
  }
}
