/** Topic identifiers that both sides know beforehand: for all clients, or for one. */
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';

export interface PredefinedTopic {
  /** 1 to 0xFFFE. */
  readonly topicId: number;
  readonly topicName: string;
  /** @default every client */
  readonly clientId?: string;
}

export const MAXIMUM_TOPIC_ID = 0xfffe;

export class PredefinedTopics {
  #highestId = 0;
  #forAll = new Map<number, string>();
  #forOne = new Map<string, Map<number, string>>();

  /** @throws {RangeError} for an identifier that cannot be, or one that stands for two topics, or a topic name that is none */
  constructor(topics: readonly PredefinedTopic[]) {
    for (const { topicId, topicName, clientId } of topics) {
      if (!Number.isInteger(topicId) || topicId < 1 || topicId > MAXIMUM_TOPIC_ID) {
        throw new RangeError(
          `predefined topic ${topicName}: expected an identifier from 1 to 65534, got ${topicId}`,
        );
      }
      const problem = checkTopicName(topicName);
      if (problem !== null) {
        throw new RangeError(`predefined topic ${topicId}: "${topicName}" ${TOPIC_PROBLEMS[problem]}`);
      }
      const table = clientId === undefined ? this.#forAll : this.#tableOf(clientId);
      const before = table.get(topicId);
      if (before !== undefined && before !== topicName) {
        throw new RangeError(
          `predefined topic ${topicId}: expected one topic name, got ${before} and ${topicName}`,
        );
      }
      table.set(topicId, topicName);
      this.#highestId = Math.max(this.#highestId, topicId);
    }
  }

  /** The highest identifier; 0 if there is none. Normal ones begin above it. */
  get highestId(): number {
    return this.#highestId;
  }

  /** Goes over to others; whoever holds this object knows them then. */
  become(others: PredefinedTopics): void {
    this.#highestId = others.#highestId;
    this.#forAll = others.#forAll;
    this.#forOne = others.#forOne;
  }

  #tableOf(clientId: string): Map<number, string> {
    let table = this.#forOne.get(clientId);
    if (table === undefined) {
      table = new Map();
      this.#forOne.set(clientId, table);
    }
    return table;
  }

  /** @param clientId undefined for who has not connected (QoS -1) */
  topicName(topicId: number, clientId: string | undefined): string | undefined {
    const own = clientId === undefined ? undefined : this.#forOne.get(clientId)?.get(topicId);
    return own ?? this.#forAll.get(topicId);
  }
}
