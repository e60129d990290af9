import type { Transport, TransportSink } from '../../src/core/ports/transport.ts';
import type { World } from '../world/world.ts';
import type { Random } from './random.ts';

/** A network connection whose other end sends what it likes, in pieces of any size, and perhaps never reads. */
export class HostilePeer implements Transport {
  readonly peer = 'hostile:1';
  readonly #world: World;
  readonly #random: Random;
  readonly #sink: TransportSink;
  readonly #reads: boolean;
  #ended = false;
  #waits = false;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#reads = !random.oneIn(10);
    const sink = world.core.attach(this, { listener: 'test', kind: 'stream' });
    if (sink === null) throw new Error('expected room for one more connection');
    this.#sink = sink;
  }

  send(stream: Uint8Array): void {
    const random = this.#random;
    const largest = random.pick([1, 3, 20, stream.length + 1, stream.length + 1]);
    // Read into memory that is used again, as a transport's is.
    const memory = new Uint8Array(stream.length + 8);
    let at = 0;
    while (at < stream.length && !this.#ended) {
      const length = Math.min(stream.length - at, 1 + random.below(largest));
      const start = random.below(8);
      memory.set(stream.subarray(at, at + length), start);
      this.#sink.receive(memory, start, start + length);
      memory.fill(0xee, start, start + length);
      at += length;
      if (random.oneIn(3)) this.#world.turn();
    }
    this.#world.turn();
  }

  /** The connection is gone, whoever ended it. */
  leave(): void {
    if (this.#waits && this.#random.oneIn(2)) {
      this.#waits = false;
      this.#sink.onDrained();
      this.#world.turn();
    }
    this.#sink.onClosed(this.#random.oneIn(2) ? 'ECONNRESET' : null);
    this.#world.turn();
  }

  write(): boolean {
    if (this.#waits) throw new Error('the broker wrote before the transport had drained');
    if (this.#ended) throw new Error('the broker wrote to a connection that it had ended');
    this.#waits = !this.#reads;
    return this.#reads;
  }

  writeAll(): boolean {
    return this.write();
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.#ended = true;
  }

  destroy(): void {
    this.#ended = true;
  }
}
