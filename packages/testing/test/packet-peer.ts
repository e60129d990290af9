/** A client of few words for tests of the kit: it sends what it is told, and acknowledges nothing by itself. */
import type { OpenTransport, Transport, TransportListener } from '@martlet/client';
import type { ConnectPacket, Packet, PublishPacket } from '@martlet/protocol';
import { decodePacket, encodePacket, FrameResult, PacketStream, ProtocolVersion } from '@martlet/protocol';

const SERVER = {
  scheme: 'mqtt',
  host: 'test-broker',
  port: 1883,
  path: '',
  href: 'mqtt://test-broker',
} as const;
const VERSION = ProtocolVersion.V5;

export class PacketPeer {
  readonly received: Packet[] = [];
  /** The lengths of the chunks in which bytes came. */
  readonly chunks: number[] = [];
  drains = 0;
  /** Undefined while it is open; null if it closed without an error. */
  closedBy: Error | null | undefined = undefined;
  readonly #stream: PacketStream;
  #transport!: Transport;

  private constructor() {
    this.#stream = new PacketStream(
      {
        onShown: () => {},
        onFrame: (bytes, start, body, end) => {
          const own = bytes.slice(start, end);
          this.received.push(decodePacket(own, 0, body - start, own.length, VERSION, { from: 'server' }));
          return FrameResult.Next;
        },
      },
      268_435_460,
    );
  }

  /** A connection on which nothing has been sent. */
  static async open(transport: OpenTransport, signal: AbortSignal = new AbortController().signal) {
    const peer = new PacketPeer();
    await peer.#open(transport, signal);
    return peer;
  }

  async #open(transport: OpenTransport, signal: AbortSignal): Promise<void> {
    const listener: TransportListener = {
      onBytes: (bytes) => {
        this.chunks.push(bytes.length);
        this.#stream.receive(bytes, 0, bytes.length);
      },
      onDrain: () => {
        this.drains++;
      },
      onClose: (error) => {
        if (this.closedBy !== undefined) throw new Error('the transport closed twice');
        this.closedBy = error ?? null;
      },
    };
    this.#transport = await transport(SERVER, listener, signal);
  }

  /** A connection on which CONNECT has been sent. */
  static async connect(transport: OpenTransport, connect: Partial<ConnectPacket> = {}): Promise<PacketPeer> {
    const peer = await PacketPeer.open(transport);
    peer.send({
      type: 'connect',
      protocolVersion: VERSION,
      clientId: 'peer',
      cleanStart: true,
      keepAlive: 0,
      properties: {},
      ...connect,
    });
    return peer;
  }

  /** @returns whether more may be written at once */
  send(packet: Packet): boolean {
    return this.#transport.write(encodePacket(packet, VERSION));
  }

  sendBytes(bytes: Uint8Array): boolean {
    return this.#transport.write(bytes);
  }

  publish(topicName: string, payload: string | Uint8Array, options: Partial<PublishPacket> = {}): boolean {
    return this.send({
      type: 'publish',
      topicName,
      payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: {},
      ...options,
    });
  }

  subscribe(topicFilter: string, qos: 0 | 1 | 2 = 0): void {
    const subscription = {
      topicFilter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    this.send({ type: 'subscribe', packetId: 1, subscriptions: [subscription], properties: {} });
  }

  /** Of the packets received. */
  get types(): readonly Packet['type'][] {
    return this.received.map(({ type }) => type);
  }

  /** Payloads of the PUBLISH packets received. */
  get texts(): readonly string[] {
    return this.received.flatMap((packet) =>
      packet.type === 'publish' ? [new TextDecoder().decode(packet.payload)] : [],
    );
  }

  end(): void {
    this.#transport.end();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  pause(): void {
    this.#transport.pause?.();
  }

  resume(): void {
    this.#transport.resume?.();
  }
}
