/** What is on both sides of a connection: the transport below it, and whoever is told what arrives. */
import type { AuthPacket, ServerPacketExceptPublish } from '@martlet/protocol';
import type { ConnectionEnd } from './connection-end.ts';
import type { SentBytes } from './keep-alive.ts';
import type { ServerCapabilities } from './server-capabilities.ts';

/** What a connection writes to. */
export interface CoreTransport extends SentBytes {
  /** False when so much waits to leave that we should hold back. */
  write(bytes: Uint8Array): boolean;
  pause?(): void;
  resume?(): void;
}

/** The client's side of enhanced authentication. */
export interface AuthenticationOwner {
  /** CONNACK has accepted, and the server is to prove itself by this data: nothing is read until `accept`. */
  onProof(data: Uint8Array | undefined): void;
  /** AUTH has come. @throws {ProtocolError} when none was expected, or one of another method */
  onAuth(packet: AuthPacket): void;
}

/** What a connection tells its client. Nothing after `onOver`. */
export interface ConnectionOwner {
  /** Of a client whose CONNECT has an Authentication Method. */
  readonly authentication: AuthenticationOwner | undefined;
  onOnline(server: ServerCapabilities): void;
  /** A PUBLISH, where it lies; the bytes are never written to again. */
  onPublish(bytes: Uint8Array, start: number, body: number, end: number): void;
  onPacket(packet: ServerPacketExceptPublish): void;
  /** The transport is to be ended: at once unless something is still to be said. */
  onOver(end: ConnectionEnd, abrupt: boolean): void;
}
