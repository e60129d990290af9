/** What the gateway remembers of a client that keeps its session. */
import type { WillTopic } from '../codec/message.ts';

export interface Remembered {
  /** Topic names and the identifiers that the client may know them by. */
  readonly topicIds: readonly (readonly [topicName: string, topicId: number])[];
  /** The will outlives the connection, as MQTT-SN has it. */
  readonly will: { readonly topic: WillTopic; readonly payload: Uint8Array } | null;
}

export interface ClientMemory {
  load(clientId: string): Remembered | undefined;
  save(clientId: string, remembered: Remembered): void;
  forget(clientId: string): void;
}
