/** A packet that was sent over a connection of a test broker, and how it fared. */
import type { Packet, ProtocolVersion } from '@martlet/protocol';

/** Whose way a packet goes. */
export type Direction = 'toBroker' | 'toClient';

export interface LoggedPacket {
  /** Monotonic ms when it was sent. */
  readonly atMs: number;
  readonly direction: Direction;
  /** Undefined before the broker has given one to a client that came without. */
  readonly clientId: string | undefined;
  readonly protocolVersion: ProtocolVersion;
  readonly packet: Packet;
  /** Of a PUBLISH, also where a topic alias stands for it; empty for other packets. */
  readonly topicName: string;
  /** Its length. */
  readonly bytes: number;
  /** Still on its way; handed over whole; or lost, by a fault or with its connection. */
  readonly state: PacketState;
}

export type PacketState = 'underway' | 'arrived' | 'lost';

/** The same, for those who know how it goes on. */
export interface TrackedPacket extends LoggedPacket {
  state: PacketState;
}
