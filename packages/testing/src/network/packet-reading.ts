/** Reads along on one connection: what is written becomes packets in the log, and what a fault says becomes bytes. */
import type { Packet } from '@martlet/protocol';
import { decodePacket, encodePacket, ProtocolVersion } from '@martlet/protocol';
import type { RecentEntries } from '../recent-entries.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Direction, LoggedPacket, TrackedPacket } from './logged-packet.ts';
import { PacketSplitter } from './packet-splitter.ts';

/** Some bytes, and the packet that they are; null if they are none. */
export interface ReadPiece {
  readonly bytes: Uint8Array;
  readonly packet: TrackedPacket | null;
}

interface DirectionState {
  readonly splitter: PacketSplitter;
  /** As many as the receiver allows: 65,535 at most. */
  readonly topicNames: Map<number, string>;
}

export class PacketReading {
  /** Undefined before CONNECT, or before the broker has given one. */
  clientId: string | undefined;
  #version: ProtocolVersion;
  readonly #time: VirtualTime;
  readonly #log: RecentEntries<LoggedPacket>;
  readonly #states: { readonly [Way in Direction]: DirectionState };

  constructor(time: VirtualTime, log: RecentEntries<LoggedPacket>) {
    this.clientId = undefined;
    this.#version = ProtocolVersion.V5;
    this.#time = time;
    this.#log = log;
    this.#states = {
      toBroker: { splitter: new PacketSplitter(), topicNames: new Map() },
      toClient: { splitter: new PacketSplitter(), topicNames: new Map() },
    };
  }

  /** @param bytes that nobody writes to any more */
  read(direction: Direction, bytes: Uint8Array): readonly ReadPiece[] {
    return this.#states[direction].splitter.push(bytes).map((piece) => ({
      bytes: piece,
      packet: this.#noted(direction, piece, this.#decoded(direction, piece)),
    }));
  }

  /** What goes over the connection in place of something else. */
  forge(direction: Direction, pieces: readonly (Packet | Uint8Array)[]): readonly ReadPiece[] {
    return pieces.map((piece) => {
      if (piece instanceof Uint8Array) return { bytes: piece, packet: null };
      const bytes = encodePacket(piece, this.#version);
      return { bytes, packet: this.#noted(direction, bytes, piece) };
    });
  }

  #decoded(direction: Direction, bytes: Uint8Array): Packet | null {
    const from = direction === 'toBroker' ? 'client' : 'server';
    try {
      return decodePacket(bytes, 0, PacketSplitter.bodyOf(bytes), bytes.length, this.#version, { from });
    } catch {
      return null; // it is for who receives it to say what is wrong with it
    }
  }

  #noted(direction: Direction, bytes: Uint8Array, packet: Packet | null): TrackedPacket | null {
    if (packet === null) return null;
    if (packet.type === 'connect') {
      this.#version = packet.protocolVersion;
      if (packet.clientId !== '') this.clientId = packet.clientId;
    } else if (packet.type === 'connack') {
      this.clientId = packet.properties.assignedClientIdentifier ?? this.clientId;
    }
    const tracked: TrackedPacket = {
      atMs: this.#time.nowMs,
      direction,
      clientId: this.clientId,
      protocolVersion: this.#version,
      packet,
      topicName: this.#topicNameOf(direction, packet),
      bytes: bytes.length,
      state: 'underway',
    };
    this.#log.add(tracked, bytes.length);
    return tracked;
  }

  #topicNameOf(direction: Direction, packet: Packet): string {
    if (packet.type !== 'publish') return '';
    const { topicAlias } = packet.properties;
    const { topicNames } = this.#states[direction];
    if (topicAlias === undefined) return packet.topicName;
    if (packet.topicName !== '') topicNames.set(topicAlias, packet.topicName);
    return topicNames.get(topicAlias) ?? '';
  }
}
