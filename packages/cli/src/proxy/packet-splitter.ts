/**
 * Splits one direction of a connection into packets, each decoded and with a copy of its bytes. What cannot be split any more,
 * because it is no MQTT or a packet is too long to hold, passes as it is from there on.
 */
import type { Packet, ProtocolVersion } from '@martlet/protocol';
import { decodePacket, FrameResult, PacketStream } from '@martlet/protocol';
import type { Direction } from './direction.ts';

/** A longer packet is not held to be looked at, in bytes. */
const LONGEST_HELD = 16 * 1024 * 1024;

export interface SplitterSink {
  onPacket(packet: Packet, bytes: Uint8Array): void;
  /** Bytes of a packet that cannot be read, with why; or bytes of which nothing is known, without. */
  onBytes(bytes: Uint8Array, problem: string | undefined): void;
}

export class PacketSplitter {
  readonly #direction: Direction;
  readonly #version: () => ProtocolVersion;
  readonly #sink: SplitterSink;
  readonly #stream: PacketStream;
  /** No packets can be told apart any more. */
  #isBroken = false;
  /** What has come and is not handed on, but for the first so many bytes. */
  #pending: Uint8Array[] = [];
  #handed = 0;

  constructor(direction: Direction, version: () => ProtocolVersion, sink: SplitterSink) {
    this.#direction = direction;
    this.#version = version;
    this.#sink = sink;
    this.#stream = new PacketStream(
      {
        onShown: () => {},
        onFrame: (bytes, start, body, end) => {
          this.#onFrame(bytes.slice(start, end), body - start);
          return FrameResult.Next;
        },
      },
      LONGEST_HELD,
    );
  }

  push(bytes: Uint8Array): void {
    if (this.#isBroken) {
      this.#sink.onBytes(bytes, undefined);
      return;
    }
    this.#pending.push(bytes);
    try {
      this.#stream.receive(bytes, 0, bytes.length);
      this.#forget();
    } catch (error) {
      this.#sink.onBytes(this.takeRest(), error instanceof Error ? error.message : String(error));
    }
  }

  /** Takes out the part of a packet that waits for its rest, which will not come. */
  takeRest(): Uint8Array {
    this.#isBroken = true;
    const rest = this.#rest();
    this.#pending = [];
    this.#handed = 0;
    return rest;
  }

  #onFrame(bytes: Uint8Array, body: number): void {
    this.#handed += bytes.length;
    let packet: Packet;
    try {
      const from = this.#direction === 'toServer' ? 'client' : 'server';
      packet = decodePacket(bytes, 0, body, bytes.length, this.#version(), { from });
    } catch (error) {
      this.#sink.onBytes(bytes, error instanceof Error ? error.message : String(error));
      return;
    }
    this.#sink.onPacket(packet, bytes);
  }

  /** Drops from the front what has been handed on. */
  #forget(): void {
    while (this.#pending.length > 0 && this.#handed >= this.#pending[0]!.length)
      this.#handed -= this.#pending.shift()!.length;
  }

  #rest(): Uint8Array {
    return Buffer.concat(this.#pending).subarray(this.#handed);
  }
}
