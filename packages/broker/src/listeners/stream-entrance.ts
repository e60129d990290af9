/** Where MQTT is spoken over the byte stream itself. */
import type { Socket } from 'node:net';
import type { Accept, Origin } from '../core/ports/transport.ts';
import type { Arrival } from './arrival.ts';
import type { Entrance, HandleEntrance } from './entrance.ts';
import { HandleContext, HandleTransport } from './handle-transport.ts';
import type { OpenConnections } from './open-connections.ts';
import { SocketTransport } from './socket-transport.ts';
import type { StreamHandle, StreamWrap } from './stream-wrap.ts';

/** Larger reads save nothing that was measured; smaller ones cost with large packets (decision 0010). */
export const READ_BUFFER_BYTES: number = 128 * 1024;

export class StreamEntrance implements Entrance {
  /** A peer that stops sending has gone, once it has got what was written. */
  readonly allowHalfOpen = false;
  readonly waiting = 0;
  readonly handles: HandleEntrance | undefined;
  readonly #accept: Accept;
  readonly #connections: OpenConnections;

  /**
   * @param wrap Null: every connection has a `net.Socket`.
   * @param readBuffer What all connections are read into; of its own if undefined.
   */
  constructor(
    accept: Accept,
    connections: OpenConnections,
    wrap: StreamWrap | null,
    readBuffer: Uint8Array | undefined,
  ) {
    this.#accept = accept;
    this.#connections = connections;
    if (wrap !== null) {
      const memory = readBuffer ?? new Uint8Array(READ_BUFFER_BYTES);
      this.handles = new HandleStreamEntrance(accept, new HandleContext(wrap, memory, connections));
    }
  }

  enter(socket: Socket, arrival: Arrival, origin: Origin): void {
    const transport = new SocketTransport(socket, this.#connections, arrival);
    const sink = this.#accept(transport, origin);
    if (sink === null) transport.destroy();
    else transport.start(sink);
  }

  close(): void {}
}

class HandleStreamEntrance implements HandleEntrance {
  readonly #accept: Accept;
  readonly #context: HandleContext;

  constructor(accept: Accept, context: HandleContext) {
    this.#accept = accept;
    this.#context = context;
  }

  get wrap(): StreamWrap {
    return this.#context.wrap;
  }

  get readBuffer(): Uint8Array {
    return this.#context.readBuffer;
  }

  lend(handle: StreamHandle): void {
    this.#context.lend(handle);
  }

  enter(handle: StreamHandle, arrival: Arrival, origin: Origin, first: Uint8Array | undefined): void {
    const transport = new HandleTransport(handle, this.#context, arrival);
    const sink = this.#accept(transport, origin);
    if (sink === null) transport.destroy();
    else transport.start(sink, first);
  }
}
