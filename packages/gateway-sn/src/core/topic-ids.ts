/**
 * The topic identifiers of one client (section 7.3 strongly recommends a map for each, so that a wrong identifier cannot mean
 * another's topic). They begin at a random place above the predefined ones and stay as they are across reconnects.
 */
import { MAXIMUM_TOPIC_ID } from './predefined-topics.ts';

interface Known {
  readonly topicId: number;
  /** The client has named it, or acknowledged it, on this connection. */
  confirmed: boolean;
}

export class TopicIds {
  readonly #limit: number;
  readonly #lowest: number;
  #next: number;
  /** In the order in which they were used, least lately first. */
  readonly #byName = new Map<string, Known>();
  readonly #byId = new Map<number, string>();

  /**
   * @param limit how many at most
   * @param highestPredefined no identifier at or below it is given
   * @param random from 0 to below 1
   */
  constructor(limit: number, highestPredefined: number, random: number) {
    this.#lowest = Math.min(highestPredefined + 1, MAXIMUM_TOPIC_ID);
    const span = MAXIMUM_TOPIC_ID - this.#lowest + 1;
    this.#limit = Math.min(limit, span);
    this.#next = this.#lowest + Math.floor(random * span);
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The identifier of a topic that is given one if it has none. */
  idOf(topicName: string): number {
    const known = this.#byName.get(topicName);
    if (known !== undefined) {
      this.#byName.delete(topicName);
      this.#byName.set(topicName, known);
      return known.topicId;
    }
    if (this.#byName.size >= this.#limit) {
      const [oldest] = this.#byName.keys();
      this.forget(oldest!);
    }
    const topicId = this.#free();
    this.#byName.set(topicName, { topicId, confirmed: false });
    this.#byId.set(topicId, topicName);
    return topicId;
  }

  #free(): number {
    while (this.#byId.has(this.#next)) this.#advance();
    const topicId = this.#next;
    this.#advance();
    return topicId;
  }

  #advance(): void {
    this.#next = this.#next >= MAXIMUM_TOPIC_ID ? this.#lowest : this.#next + 1;
  }

  has(topicName: string): boolean {
    return this.#byName.has(topicName);
  }

  topicName(topicId: number): string | undefined {
    return this.#byId.get(topicId);
  }

  confirm(topicName: string): void {
    const known = this.#byName.get(topicName);
    if (known !== undefined) known.confirmed = true;
  }

  isConfirmed(topicName: string): boolean {
    return this.#byName.get(topicName)?.confirmed === true;
  }

  /** The client does not know it any more. */
  doubt(topicName: string): void {
    const known = this.#byName.get(topicName);
    if (known !== undefined) known.confirmed = false;
  }

  /** It has connected anew: what it knew before is registered again before it is used (section 6.10). */
  doubtAll(): void {
    for (const known of this.#byName.values()) known.confirmed = false;
  }

  forget(topicName: string): void {
    const known = this.#byName.get(topicName);
    if (known === undefined) return;
    this.#byName.delete(topicName);
    this.#byId.delete(known.topicId);
  }

  clear(): void {
    this.#byName.clear();
    this.#byId.clear();
  }

  entries(): readonly (readonly [topicName: string, topicId: number])[] {
    return [...this.#byName].map(([topicName, { topicId }]) => [topicName, topicId] as const);
  }

  /** What was remembered of a session. Identifiers that have become predefined ones are given up. */
  restore(entries: readonly (readonly [topicName: string, topicId: number])[]): void {
    for (const [topicName, topicId] of entries) {
      if (topicId < this.#lowest || topicId > MAXIMUM_TOPIC_ID || this.#byId.has(topicId)) continue;
      if (this.#byName.size >= this.#limit || this.#byName.has(topicName)) continue;
      this.#byName.set(topicName, { topicId, confirmed: false });
      this.#byId.set(topicId, topicName);
    }
  }
}
