// A client that sends packets and shows what comes back, for tests that compare two brokers packet by packet.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { ConnackPacket, Packet, ProtocolVersion, PublishPacket, ServerPacket } from '@martlet/protocol';
import {
  decodeServerPacket,
  encodePacket,
  FrameResult,
  NO_PROPERTIES,
  PacketStream,
} from '@martlet/protocol';

export interface PacketClientOptions {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** @default 5 */
  readonly protocolVersion?: ProtocolVersion;
}

const MOST_BYTES = 64 * 1024 * 1024;

export class PacketClient {
  /** Every message that has come, in order. QoS 1 is acknowledged. */
  readonly messages: PublishPacket[] = [];
  /** Everything else that has come. */
  readonly packets: Exclude<ServerPacket, PublishPacket>[] = [];
  /** Fulfils when the connection is closed. */
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;
  readonly #version: ProtocolVersion;
  readonly #waiting: {
    readonly accepts: (packet: ServerPacket) => boolean;
    readonly resolve: (packet: ServerPacket) => void;
  }[] = [];
  #packetId = 0;

  private constructor(socket: Socket, version: ProtocolVersion) {
    this.#socket = socket;
    this.#version = version;
    this.closed = once(socket, 'close');
    const stream = new PacketStream(
      {
        onFrame: (bytes, start, body, end) => {
          this.#onPacket(decodeServerPacket(bytes, start, body, end, version));
          return FrameResult.Next;
        },
      },
      MOST_BYTES,
    );
    socket.on('data', (bytes) => stream.receive(bytes, 0, bytes.length));
    socket.on('error', () => {});
  }

  /** Rejects if the server refuses. */
  static async connect(port: number, options: PacketClientOptions): Promise<PacketClient> {
    const client = await PacketClient.open(port, options);
    const { reasonCode } = await client.connack;
    if (reasonCode !== 0) throw new Error(`${options.clientId} was refused with ${reasonCode}`);
    return client;
  }

  /** Sends CONNECT; `connack` has the answer. */
  static async open(
    port: number,
    { clientId, username, password, protocolVersion = 5 }: PacketClientOptions,
  ): Promise<PacketClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new PacketClient(socket, protocolVersion);
    client.send({
      type: 'connect',
      protocolVersion,
      clientId,
      cleanStart: true,
      keepAlive: 0,
      ...(username === undefined ? undefined : { username }),
      ...(password === undefined ? undefined : { password: new TextEncoder().encode(password) }),
      properties: NO_PROPERTIES,
    });
    return client;
  }

  get connack(): Promise<ConnackPacket> {
    const come = this.packets.find((packet) => packet.type === 'connack');
    return come === undefined ? this.next('connack') : Promise.resolve(come);
  }

  send(packet: Packet): void {
    this.#socket.write(encodePacket(packet, this.#version));
  }

  /** @returns the reason code of SUBACK */
  async subscribe(topicFilter: string): Promise<number> {
    const packetId = this.#nextPacketId();
    const suback = this.#come((packet) => packet.type === 'suback' && packet.packetId === packetId);
    const subscription = {
      topicFilter,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    this.send({ type: 'subscribe', packetId, subscriptions: [subscription], properties: NO_PROPERTIES });
    return ((await suback) as Extract<ServerPacket, { type: 'suback' }>).reasonCodes[0]!;
  }

  /** At QoS 1. @returns the reason code of PUBACK */
  async publish(topicName: string, payload: string): Promise<number> {
    const packetId = this.#nextPacketId();
    const puback = this.#come((packet) => packet.type === 'puback' && packet.packetId === packetId);
    this.send({
      type: 'publish',
      topicName,
      payload: new TextEncoder().encode(payload),
      qos: 1,
      retain: false,
      dup: false,
      packetId,
      properties: NO_PROPERTIES,
    });
    return ((await puback) as Extract<ServerPacket, { type: 'puback' }>).reasonCode;
  }

  /** When it fulfils, what the server had written to this client before has come. */
  async settled(): Promise<void> {
    const pingresp = this.next('pingresp');
    this.send({ type: 'pingreq' });
    await pingresp;
  }

  /** The next packet of a type. */
  next<Type extends ServerPacket['type']>(
    type: Type,
  ): Promise<Extract<ServerPacket, { readonly type: Type }>> {
    return this.#come((packet) => packet.type === type) as Promise<
      Extract<ServerPacket, { readonly type: Type }>
    >;
  }

  close(): void {
    this.#socket.destroy();
  }

  #come(accepts: (packet: ServerPacket) => boolean): Promise<ServerPacket> {
    return new Promise((resolve) => this.#waiting.push({ accepts, resolve }));
  }

  #nextPacketId(): number {
    this.#packetId++;
    return this.#packetId;
  }

  #onPacket(packet: ServerPacket): void {
    if (packet.type === 'publish') {
      this.messages.push({ ...packet, payload: packet.payload.slice() });
      const { packetId, qos } = packet;
      if (qos === 1) this.send({ type: 'puback', packetId, reasonCode: 0, properties: NO_PROPERTIES });
    } else this.packets.push(packet);
    for (const each of [...this.#waiting]) {
      if (!each.accepts(packet)) continue;
      this.#waiting.splice(this.#waiting.indexOf(each), 1);
      each.resolve(packet);
    }
  }
}
