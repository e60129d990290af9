// A server that breaks one rule: what goes between the checks and a broker that keeps all of them is changed on its way.

import type { Transport, TransportListener } from '@martlet/client';
import type { ConnectPacket, Packet, ProtocolVersion } from '@martlet/protocol';
import { decodePacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';
import type { Target } from '../../src/conformance/target.ts';

const LARGEST_PACKET = 268_435_460;

/** What a mutant may do on one connection. */
export interface MutantWire {
  readonly version: 4 | 5;
  /** Packets or bytes, as if the server had sent them. */
  toClient(...packets: readonly (Packet | Uint8Array)[]): void;
  toServer(...packets: readonly (Packet | Uint8Array)[]): void;
  /** Ends the network connection of the server. */
  drop(): void;
  /** Something that the mutant keeps of this connection. */
  kept: Packet | undefined;
}

export interface Mutant {
  readonly name: string;
  readonly version?: 4 | 5;
  /** Those that have to notice. */
  readonly checks: readonly string[];
  /** A packet of the server: true if the mutant has sent what the client is to get in place of it. */
  readonly fromServer?: (packet: Packet, wire: MutantWire, frame: Uint8Array) => boolean;
  /** A packet of the client, or undefined if its bytes are none. */
  readonly fromClient?: (packet: Packet | undefined, wire: MutantWire, frame: Uint8Array) => boolean;
  /** The client never learns that the server has closed, or not behind its own DISCONNECT. */
  readonly hidesClosing?: 'always' | 'behind DISCONNECT';
}

export function mutantTarget(target: Target, mutant: Mutant): Target {
  return {
    ...target,
    open: async (listener, signal) => {
      const connection = new MutantConnection(mutant, listener);
      connection.transport = await target.open(connection, signal);
      return connection;
    },
  };
}

class MutantConnection implements Transport, TransportListener, MutantWire {
  readonly version: 4 | 5;
  kept: Packet | undefined;
  transport: Transport | undefined;
  readonly #mutant: Mutant;
  readonly #listener: TransportListener;
  readonly #fromClient: PacketStream;
  readonly #fromServer: PacketStream;
  /** The client has sent what is not even a frame. */
  #isRaw = false;
  #isDropped = false;
  #saidGoodbye = false;

  constructor(mutant: Mutant, listener: TransportListener) {
    this.#mutant = mutant;
    this.version = mutant.version ?? 5;
    this.#listener = listener;
    this.#fromClient = this.#stream((frame, packet) => {
      // One that wants a session which CONNECT did not is an error, and the server has to close.
      this.#saidGoodbye ||=
        packet?.type === 'disconnect' && packet.properties.sessionExpiryInterval === undefined;
      if (mutant.fromClient?.(packet, this, frame) !== true) this.toServer(frame);
    });
    this.#fromServer = this.#stream((frame, packet) => {
      if (packet === undefined || mutant.fromServer?.(packet, this, frame) !== true) this.toClient(frame);
    });
  }

  #stream(take: (frame: Uint8Array, packet: Packet | undefined) => void): PacketStream {
    return new PacketStream(
      {
        onFrame: (bytes, start, body, end) => {
          const frame = bytes.slice(start, end);
          take(frame, this.#packetOf(frame, body - start));
          return FrameResult.Next;
        },
      },
      LARGEST_PACKET,
    );
  }

  #packetOf(frame: Uint8Array, body: number): Packet | undefined {
    try {
      return decodePacket(frame, 0, body, frame.length, this.version as ProtocolVersion);
    } catch {
      return undefined;
    }
  }

  #bytesOf(packet: Packet | Uint8Array): Uint8Array {
    return packet instanceof Uint8Array ? packet : encodePacket(packet, this.version);
  }

  toClient(...packets: readonly (Packet | Uint8Array)[]): void {
    for (const packet of packets) this.#listener.onBytes(this.#bytesOf(packet));
  }

  toServer(...packets: readonly (Packet | Uint8Array)[]): void {
    for (const packet of packets) this.transport?.write(this.#bytesOf(packet));
  }

  drop(): void {
    this.transport?.destroy();
  }

  write(bytes: Uint8Array): boolean {
    try {
      if (this.#isRaw) this.toServer(bytes);
      else this.#fromClient.receive(bytes, 0, bytes.length);
    } catch {
      this.#isRaw = true;
      this.toServer(bytes);
    }
    return true;
  }

  end(): void {
    this.transport?.end();
  }

  destroy(): void {
    this.#isDropped = true;
    this.transport?.destroy();
  }

  onBytes(bytes: Uint8Array): void {
    this.#fromServer.receive(bytes, 0, bytes.length);
  }

  onDrain(): void {}

  onClose(error?: Error): void {
    const { hidesClosing } = this.#mutant;
    const isHidden = hidesClosing === 'always' || (hidesClosing !== undefined && this.#saidGoodbye);
    if (!isHidden || this.#isDropped) this.#listener.onClose(error);
  }
}

/** CONNECT with other fields. */
export function connectMutant(
  change: (packet: ConnectPacket) => ConnectPacket,
): NonNullable<Mutant['fromClient']> {
  return (packet, wire) => {
    if (packet?.type !== 'connect') return false;
    wire.toServer(change(packet));
    return true;
  };
}
