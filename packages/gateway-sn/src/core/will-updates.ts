/**
 * WILLTOPICUPD and WILLMSGUPD (section 6.4). MQTT states a will at CONNECT only: the gateway connects again, on the same session,
 * and answers the client when the broker has accepted that.
 */
import type { WillTopic } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine } from './gateway-context.ts';
import type { KeptSession } from './kept-session.ts';

export class WillUpdates {
  readonly #line: ClientLine;
  readonly #session: KeptSession;
  readonly #reconnect: () => void;
  /** The answer that waits for the broker. */
  #answer: 'willtopicresp' | 'willmsgresp' | null = null;

  constructor(line: ClientLine, session: KeptSession, reconnect: () => void) {
    this.#line = line;
    this.#session = session;
    this.#reconnect = reconnect;
  }

  /** @param topic null deletes topic and message (section 5.4.22) */
  onTopic(topic: WillTopic | null): void {
    const session = this.#session;
    session.will = topic === null ? null : { topic, payload: session.will?.payload ?? new Uint8Array(0) };
    this.#change('willtopicresp');
  }

  onMessage(payload: Uint8Array): void {
    const session = this.#session;
    if (session.will === null) {
      this.#line.toClient({ type: 'willmsgresp', returnCode: ReturnCode.NotSupported });
      return;
    }
    session.will = { topic: session.will.topic, payload: payload.slice() };
    this.#change('willmsgresp');
  }

  #change(answer: 'willtopicresp' | 'willmsgresp'): void {
    this.#answer = answer;
    this.#session.remember();
    this.#reconnect();
  }

  /** The broker has accepted the connection. */
  onConnected(): void {
    const answer = this.#answer;
    this.#answer = null;
    if (answer !== null) this.#line.toClient({ type: answer, returnCode: ReturnCode.Accepted });
  }
}
