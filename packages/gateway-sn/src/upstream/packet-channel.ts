/** Bytes of a server, in pieces of any size, to packets. */
import type { ServerPacket } from '@martlet/protocol';
import { decodeServerPacket, FrameResult, PacketStream, ProtocolVersion } from '@martlet/protocol';

const MAXIMUM_PACKET_BYTES = 268_435_460;

export class PacketChannel {
  readonly #stream: PacketStream;

  constructor(onPacket: (packet: ServerPacket) => void) {
    this.#stream = new PacketStream(
      {
        onFrame: (bytes, start, body, end) => {
          onPacket(decodeServerPacket(bytes, start, body, end, ProtocolVersion.V5));
          return FrameResult.Next;
        },
      },
      MAXIMUM_PACKET_BYTES,
    );
  }

  /** @throws {RemoteError} for bytes that are no packets; the connection is to be closed */
  receive(bytes: Uint8Array): void {
    this.#stream.receive(bytes, 0, bytes.length);
  }
}
