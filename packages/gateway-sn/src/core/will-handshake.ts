/** The will that a client states at CONNECT: CONNECT ▶ WILLTOPICREQ ▶ WILLTOPIC ▶ WILLMSGREQ ▶ WILLMSG (section 6.3). */
import type { SnMessage, WillTopic } from './codec/message.ts';

export interface SnWill {
  readonly topic: WillTopic;
  readonly payload: Uint8Array;
}

export class WillHandshake {
  #topic: WillTopic | null = null;
  #stage: 'topic' | 'message' | 'done' = 'topic';
  #will: SnWill | null = null;

  get isDone(): boolean {
    return this.#stage === 'done';
  }

  /** What was stated, once it is done. */
  get will(): SnWill | null {
    return this.#will;
  }

  /** What the client is asked now, or is asked again because it has connected again. */
  get question(): SnMessage {
    return { type: this.#stage === 'message' ? 'willmsgreq' : 'willtopicreq' };
  }

  /** An empty one deletes the will, and there is no message to ask for. */
  onWillTopic(will: WillTopic | null): void {
    if (this.#stage === 'done') return;
    this.#topic = will;
    this.#stage = will === null ? 'done' : 'message';
  }

  /** @returns false if no topic has come before */
  onWillMessage(payload: Uint8Array): boolean {
    if (this.#stage !== 'message') return this.#stage === 'done';
    this.#will = { topic: this.#topic!, payload: payload.slice() };
    this.#stage = 'done';
    return true;
  }
}
