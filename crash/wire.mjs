/** One network connection to a broker: packets in, packets out, over the protocol package's codec. */
import { connect } from 'node:net';
import { decodePacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';

/** @typedef {import('@martlet/protocol').Packet} Packet */
/** @typedef {import('@martlet/protocol').ProtocolVersion} ProtocolVersion */

/** More than any packet of the rig. */
const MAXIMUM_PACKET_BYTES = 1 << 20;

export class Wire {
  #socket;
  #version;

  /**
   * @param {number} port on this machine
   * @param {ProtocolVersion} version
   * @param {{ onOpen(): void, onPacket(packet: Packet): void, onClosed(): void }} owner `onClosed` is called once,
   *   also when nobody answered
   */
  constructor(port, version, owner) {
    this.#version = version;
    const stream = new PacketStream(
      {
        onShown: () => {},
        onFrame: (bytes, start, body, end) => {
          // What comes after the connection was closed from here is read by nobody.
          if (this.#socket.destroyed) return FrameResult.Stop;
          owner.onPacket(
            decodePacket(bytes.slice(start, end), 0, body - start, end - start, version, { from: 'server' }),
          );
          return FrameResult.Next;
        },
      },
      MAXIMUM_PACKET_BYTES,
    );
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('connect', () => owner.onOpen());
    this.#socket.on('data', (chunk) => stream.receive(chunk, 0, chunk.length));
    // A broken connection is what the rig is about; `close` follows.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => owner.onClosed());
  }

  /** The port at this end, by which a trace of the broker names the connection. */
  get localPort() {
    return this.#socket.localPort;
  }

  /** @param {Packet} packet */
  send(packet) {
    if (this.#socket.writable) this.#socket.write(encodePacket(packet, this.#version));
  }

  /** Closes once everything has been sent. */
  end() {
    this.#socket.end();
  }

  destroy() {
    this.#socket.destroy();
  }
}
