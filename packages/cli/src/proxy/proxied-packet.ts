/** What is told of a packet that passes, or of anything else that happens on a connection. */
import type { Packet, ProtocolVersion } from '@martlet/protocol';
import type { Direction } from './direction.ts';
import type { Violation } from './violation.ts';

/** What the proxy has done with a packet. */
export type Fault = 'dropped' | 'duplicated' | 'swallowed';

export interface ProxiedPacket {
  readonly kind: 'packet';
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** From 1 on. */
  readonly connection: number;
  readonly direction: Direction;
  readonly packet: Packet;
  /** Of the connection. */
  readonly protocolVersion: ProtocolVersion;
  readonly bytes: Uint8Array;
  readonly violations: readonly Violation[];
  readonly fault: Fault | undefined;
}

export interface ProxiedEvent {
  readonly kind: 'event';
  readonly wallMs: number;
  readonly connection: number;
  /** Of who has done it; undefined: the proxy. */
  readonly direction: Direction | undefined;
  readonly text: string;
  /** Something is wrong. */
  readonly isBad: boolean;
}

export type ProxiedThing = ProxiedPacket | ProxiedEvent;
