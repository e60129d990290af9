// The server's end of one connection: it says what a test tells it to, and shows what the client sent.

import type { Transport, TransportListener } from '@martlet/client';
import type { ConnectPacket, Packet, ProtocolVersion } from '@martlet/protocol';
import { decodePacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';

type PacketOf<Type extends Packet['type']> = Extract<Packet, { type: Type }>;

export class TestServer {
  readonly transport: Transport;
  /** The CONNECT of a connection that `World.accept` accepted. */
  connect!: ConnectPacket;
  version: ProtocolVersion = 5;
  /** What the transport's `write` returns: false asks the client to hold back. */
  takesMore = true;
  isPaused = false;
  /** Whether it answers pings, of which tests see nothing then. */
  answersPings = false;
  /** What the transport's `sentBytes` is: undefined where it does not tell. */
  sentBytes: number | undefined;
  /** How the client ended it: undefined while it has not. */
  ended: 'end' | 'destroy' | undefined;
  /** How often bytes were written. */
  writes = 0;
  readonly #packets: Packet[] = [];
  readonly #listener: TransportListener;
  readonly #held: Uint8Array[] = [];
  #isClosed = false;

  constructor(listener: TransportListener) {
    this.#listener = listener;
    const stream = new PacketStream(
      {
        onFrame: (bytes, start, body, end) => {
          const packet = decodePacket(bytes, start, body, end, this.version, { from: 'client' });
          if (packet.type === 'connect') this.version = packet.protocolVersion;
          if (packet.type === 'pingreq' && this.answersPings)
            queueMicrotask(() => this.send({ type: 'pingresp' }));
          else this.#packets.push(packet);
          return FrameResult.Next;
        },
        onShown: () => {},
      },
      268_435_460,
    );
    const close = (how: 'end' | 'destroy'): void => {
      this.ended ??= how;
      if (this.#isClosed) return;
      this.#isClosed = true;
      queueMicrotask(() => listener.onClose());
    };
    const sentBytes = (): number | undefined => this.sentBytes;
    this.transport = {
      get sentBytes() {
        return sentBytes();
      },
      write: (bytes) => {
        this.writes++;
        stream.receive(bytes.slice(), 0, bytes.length);
        return this.takesMore;
      },
      end: () => close('end'),
      destroy: () => close('destroy'),
      pause: () => {
        this.isPaused = true;
      },
      resume: () => {
        this.isPaused = false;
        for (const bytes of this.#held.splice(0)) this.#deliver(bytes);
      },
    };
  }

  /** Every packet that the client has sent and no test has taken. */
  takeAll(): Packet[] {
    return this.#packets.splice(0);
  }

  /** The next packet, which must be of this type. */
  take<Type extends Packet['type']>(type: Type): PacketOf<Type> {
    const packet = this.#packets.shift();
    if (packet?.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(packet)}`);
    return packet as PacketOf<Type>;
  }

  send(...packets: Packet[]): void {
    for (const packet of packets) this.sendBytes(this.encode(packet));
  }

  /** The bytes of a packet, in the version of the connection. */
  encode(packet: Packet): Uint8Array {
    return encodePacket(packet, this.version);
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.isPaused) this.#held.push(bytes);
    else this.#deliver(bytes);
  }

  /** The client may write again. */
  drain(): void {
    this.takesMore = true;
    this.#listener.onDrain();
  }

  /** The connection is gone. */
  cut(error?: Parameters<TransportListener['onClose']>[0]): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.onClose(error);
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#listener.onBytes(bytes);
  }
}
