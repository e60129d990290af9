/** The last messages of a topic, of each its beginning. */
import type { ReceivedMessage } from '../messages/received-message.ts';

/** Messages that are remembered. */
export const HISTORY_LENGTH = 20;
/** Bytes of each. */
const MOST_BYTES = 64;

export interface PastMessage {
  /** When it came, in ms since 1970. */
  readonly wallMs: number;
  /** Its beginning. */
  readonly payload: Uint8Array;
  readonly payloadLength: number;
  readonly isRetained: boolean;
}

export class TopicHistory {
  readonly #messages: PastMessage[] = [];
  #next = 0;

  add({ payload, retain }: ReceivedMessage, wallMs: number): void {
    this.#messages[this.#next] = {
      wallMs,
      payload: new Uint8Array(payload.subarray(0, MOST_BYTES)),
      payloadLength: payload.length,
      isRetained: retain,
    };
    this.#next = (this.#next + 1) % HISTORY_LENGTH;
  }

  /** The latest first. */
  get latest(): readonly PastMessage[] {
    return [...this.#messages.slice(this.#next), ...this.#messages.slice(0, this.#next)].reverse();
  }
}
