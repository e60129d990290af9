/** MQTT-SN over a stream of bytes: one peer, or one for each node that a framing or a forwarder tells apart. */
import { decodeForwarder, encodeForwarder } from '../core/codec/forwarder.ts';
import type { Link, Peer } from '../core/ports/link.ts';
import type { ByteStream, OpenByteStream } from './byte-stream.ts';
import type { Framing } from './framing/framing.ts';
import type { OnDatagram } from './udp-link.ts';

interface StreamPeer extends Peer {
  readonly node: Uint8Array | null;
  readonly wirelessNodeId: Uint8Array | null;
}

export class StreamLink implements Link {
  readonly #stream: ByteStream;
  readonly #framing: Framing;

  private constructor(stream: ByteStream, framing: Framing) {
    this.#stream = stream;
    this.#framing = framing;
  }

  /**
   * Rejects if the stream cannot be opened.
   * @param onLost told of its end
   */
  static async open(
    openStream: OpenByteStream,
    framing: Framing,
    onDatagram: OnDatagram,
    onLost: (error: Error) => void,
  ): Promise<StreamLink> {
    let link: StreamLink | null = null;
    const stream = await openStream((bytes) => link?.receive(bytes, onDatagram), onLost);
    link = new StreamLink(stream, framing);
    return link;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#stream.name, port: 0 };
  }

  /** Frames that made no sense, and were skipped. */
  get skipped(): number {
    return this.#framing.skipped;
  }

  /** Messages that were not sent, because the line does not take them as fast as they come. */
  get overflowed(): number {
    return this.#stream.overflowed;
  }

  receive(bytes: Uint8Array, onDatagram: OnDatagram): void {
    for (const { node, message } of this.#framing.push(bytes, performance.now())) {
      const encapsulated = decodeForwarder(message);
      if (encapsulated === null) onDatagram(this.#peer(node, null), message, false);
      else {
        const { wirelessNodeId, innerStart } = encapsulated;
        onDatagram(this.#peer(node, wirelessNodeId), message.subarray(innerStart), false);
      }
    }
  }

  #peer(node: Uint8Array | null, wirelessNodeId: Uint8Array | null): StreamPeer {
    // Of an XBee node the 64-bit address: the 16-bit one changes when it joins again.
    const address = node === null ? '' : `/${hex(node.subarray(0, 8))}`;
    const behind = wirelessNodeId === null ? '' : `/${hex(wirelessNodeId)}`;
    const place = `${this.#stream.name}${address}${behind}`;
    const header = wirelessNodeId === null ? 0 : 3 + wirelessNodeId.length;
    return {
      key: place,
      host: place,
      text: place,
      // Who can write on the line can do anything on it.
      trusted: true,
      maximumMessageBytes: this.#framing.maximumMessageBytes - header,
      node,
      wirelessNodeId,
    };
  }

  send(peer: Peer, bytes: Uint8Array): void {
    const { node, wirelessNodeId, maximumMessageBytes } = peer as StreamPeer;
    if (bytes.length > maximumMessageBytes) return;
    const message = wirelessNodeId === null ? bytes : encodeForwarder(0, wirelessNodeId, bytes);
    this.#stream.write(this.#framing.encode({ node, message }));
  }

  broadcast(bytes: Uint8Array, radius: number): void {
    const framed = this.#framing.encodeBroadcast?.(bytes, radius);
    if (framed !== undefined) this.#stream.write(framed);
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
