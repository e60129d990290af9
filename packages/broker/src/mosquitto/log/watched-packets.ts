/** The packets in a stream of bytes that goes one way. What cannot be read is left to whoever has to: after it nothing is shown. */
import type { Packet, ProtocolVersion } from '@martlet/protocol';
import { decodePacket, FrameResult, PacketStream } from '@martlet/protocol';

/** No packet is longer. */
const ANY_LENGTH = 268_435_460;

export class WatchedPackets {
  readonly #stream: PacketStream;
  #isOver: boolean;

  /**
   * @param version in which the packets are written, as it is known when one comes
   * @param show gets each packet; its payload is valid during the call
   */
  constructor(version: () => ProtocolVersion, show: (packet: Packet) => void) {
    this.#isOver = false;
    const onFrame = (bytes: Uint8Array, start: number, body: number, end: number): FrameResult => {
      show(decodePacket(bytes, start, body, end, version()));
      return this.#isOver ? FrameResult.Stop : FrameResult.Next;
    };
    this.#stream = new PacketStream({ onFrame, onShown: () => {} }, ANY_LENGTH);
  }

  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return;
    try {
      this.#stream.receive(bytes, start, end);
    } catch {
      this.#isOver = true;
    }
  }

  /** Nothing is looked at any more. */
  end(): void {
    this.#isOver = true;
  }
}
