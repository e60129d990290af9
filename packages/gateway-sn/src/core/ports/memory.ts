/** What the gateway remembers of a client that keeps its session, for when it comes back. */
import type { TopicReference, WillTopic } from '../codec/message.ts';

/** How a client knows a topic that it has not named in full. */
export type SubscribedAs = TopicReference & { readonly kind: 'predefined' | 'short' };

export interface Remembered {
  /** Topic names and the identifiers that the client may know them by. */
  readonly topicIds: readonly (readonly [topicName: string, topicId: number])[];
  readonly subscribedAs: readonly (readonly [topicName: string, topic: SubscribedAs])[];
  /** The will outlives the connection, as MQTT-SN has it. */
  readonly will: { readonly topic: WillTopic; readonly payload: Uint8Array } | null;
  /** From which the packet identifiers of QoS 2 messages are made: see `PacketIds`. */
  readonly packetIdOffset: number;
}

/** Calls return at once and never throw: what cannot be kept is told elsewhere. */
export interface ClientMemory {
  load(clientId: string): Remembered | undefined;
  /** @param forSeconds after which it may be forgotten, unless it is saved again: as long as the broker keeps the session */
  save(clientId: string, remembered: Remembered, forSeconds: number): void;
  forget(clientId: string): void;
}
