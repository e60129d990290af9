export type OpenTarget = (listener: TransportListener, signal: AbortSignal) => Promise<Transport>;

/** A server under test: how to reach it, and who we are there. */
import type { Socket } from 'node:net';
import type { Transport, TransportListener } from '@martlet/client';

export interface Target {
  /** As the user named it; heads its column in reports. */
  readonly name: string;
  /** Needed by every CONNECT, where the server asks for them. */
  readonly username?: string;
  readonly password?: Uint8Array;
  /** Opens one network connection. */
  readonly open: OpenTarget;
  /** MQTT goes over WebSocket there. */
  readonly isWebSocket: boolean;
  /** The same, over a socket that the caller then has: for frames that the library never sends. Only for `ws`. */
  readonly openOverSocket?: (
    listener: TransportListener,
    signal: AbortSignal,
  ) => Promise<{ readonly transport: Transport; readonly socket: Socket }>;
}
