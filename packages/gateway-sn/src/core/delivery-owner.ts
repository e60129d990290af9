import type { ClientPacket } from '@martlet/protocol';
import type { KnownTopics } from './known-topics.ts';
import type { PacketIds } from './packet-ids.ts';

/** What a client's delivery asks and tells. */
export interface DeliveryOwner {
  readonly topics: KnownTopics;
  readonly packetIds: PacketIds;
  toBroker(packet: ClientPacket): void;
  /** Whether the client has subscribed, or published to this topic, and not been answered: its answer is to come first. */
  awaitsBroker(topicName: string): boolean;
  /** Nothing waits any more, and nothing is under way. */
  onDrained(): void;
  /** The client has no room (T_WAIT), or does not answer: nothing more is sent for now. */
  onStopped(reason: 'congested' | 'unanswered'): void;
}
