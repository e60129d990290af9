/** The broker behind the gateway: one MQTT 5 connection for each client, in packets. */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import type { Peer } from './link.ts';

/** What the gateway tells a connection. */
export interface Upstream {
  /**
   * The first is CONNECT. Nothing is sent once the connection is closed.
   * @returns false if a PUBLISH of QoS 0 was dropped, because the broker does not take so much now
   */
  send(packet: ClientPacket): boolean;
  /** Closes it after what was sent. `onClosed` is not called for it. */
  close(): void;
  /** Messages of this client that the broker has not brought to their end; undefined where nobody can tell. */
  readonly unfinishedMessages?: number | undefined;
}

/** What a connection tells the gateway: never from inside a call of {@link Upstream} or {@link Upstreams}. */
export interface UpstreamHandler {
  onPacket(packet: ServerPacket): void;
  /** The connection is over, without the gateway's doing. */
  onClosed(reason: string): void;
}

export interface Upstreams {
  /** Null if there cannot be one more now. */
  open(peer: Peer, handler: UpstreamHandler): Upstream | null;
  /** Seconds; 0 where the connection cannot be lost without a word. */
  readonly keepAlive: number;
  /**
   * Asks whether the broker can be reached. Left out where it always can be.
   * @param onAnswer called once, never from inside this call
   * @returns what makes it forget the question
   */
  reach?(onAnswer: (isReachable: boolean) => void): () => void;
}
