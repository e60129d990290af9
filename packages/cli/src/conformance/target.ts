/** A server under test: how to reach it, and who we are there. */
import type { Transport, TransportListener } from '@martlet/client';

export interface Target {
  /** As the user named it; heads its column in reports. */
  readonly name: string;
  /** Needed by every CONNECT, where the server asks for them. */
  readonly username?: string;
  readonly password?: Uint8Array;
  /** Opens one network connection. */
  open(listener: TransportListener, signal: AbortSignal): Promise<Transport>;
}
