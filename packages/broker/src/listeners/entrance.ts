/** The end of the way through a listener: what makes a connection of MQTT of a socket that may come in. */
import type { Socket } from 'node:net';
import type { Origin } from '../core/ports/transport.ts';
import type { Arrival } from './arrival.ts';
import type { StreamHandle, StreamWrap } from './stream-wrap.ts';
import type { WebSocketSettings } from './websocket-settings.ts';

export interface Entrance {
  /** Whether a `net.Socket` may still write after its peer has stopped sending. */
  readonly allowHalfOpen: boolean;
  /** Undefined: handles are not for this entrance, or not for this Node.js. */
  readonly handles: HandleEntrance | undefined;
  /** Sockets that have come in and are not MQTT connections yet. */
  readonly waiting: number;

  /** @param socket Plain, or that of TLS; nothing of what it carries has been read. */
  enter(socket: Socket, arrival: Arrival, origin: Origin): void;

  /** For those that come from now on; only where WebSocket is spoken. */
  configure?(settings: WebSocketSettings): void;

  /** The listener accepts nothing more: closes what has come in and is no MQTT connection yet. */
  close(): void;
}

/** The way in for handles (see stream-wrap.ts). */
export interface HandleEntrance {
  readonly wrap: StreamWrap;
  /** What handles read into that have been lent it. */
  readonly readBuffer: Uint8Array;
  /** To be called once for a handle, before it reads. */
  lend(handle: StreamHandle): void;
  /** @param first What was read already. */
  enter(handle: StreamHandle, arrival: Arrival, origin: Origin, first: Uint8Array | undefined): void;
}
