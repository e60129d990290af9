/**
 * WILLTOPICUPD and WILLMSGUPD (section 6.4). MQTT states a will at CONNECT only: the gateway connects again, on the same session,
 * and answers the client when the broker has accepted that. Changes that come meanwhile wait for it, and are one change then.
 */
import { checkTopicName, utf8ByteLength } from '@martlet/protocol';
import type { WillTopic } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import type { KeptSession } from './kept-session.ts';
import type { SnWill } from './will-handshake.ts';

type AnswerType = 'willtopicresp' | 'willmsgresp';

export class WillUpdates {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #session: KeptSession;
  readonly #reconnect: () => void;
  /** The answers that wait for the broker. */
  readonly #answers = new Set<AnswerType>();
  /** The will that the broker has accepted, while it is asked for another one. */
  #accepted: SnWill | null = null;
  #isAsking = false;
  /** The will has changed since the broker was asked. */
  #hasChanged = false;

  constructor(context: GatewayContext, line: ClientLine, session: KeptSession, reconnect: () => void) {
    this.#context = context;
    this.#line = line;
    this.#session = session;
    this.#reconnect = reconnect;
  }

  /** @param topic null deletes topic and message (section 5.4.22) */
  onTopic(topic: WillTopic | null): void {
    const { will } = this.#session;
    if (topic !== null && !isWillTopic(topic, this.#context))
      this.#answer('willtopicresp', ReturnCode.NotSupported);
    // Without a message it is a will with an empty one.
    else
      this.#change(
        'willtopicresp',
        topic === null ? null : { topic, payload: will?.payload ?? new Uint8Array(0) },
      );
  }

  onMessage(payload: Uint8Array): void {
    const { will } = this.#session;
    if (will === null) this.#answer('willmsgresp', ReturnCode.NotSupported);
    else this.#change('willmsgresp', { topic: will.topic, payload: payload.slice() });
  }

  #change(answer: AnswerType, will: SnWill | null): void {
    const session = this.#session;
    const isSame = sameWill(session.will, will);
    if (isSame && !this.#isAsking) {
      this.#answer(answer, ReturnCode.Accepted);
      return;
    }
    this.#answers.add(answer);
    if (!this.#isAsking) this.#accepted = session.will;
    session.will = will;
    if (this.#isAsking) this.#hasChanged ||= !isSame;
    else this.#ask();
  }

  #ask(): void {
    this.#isAsking = true;
    this.#hasChanged = false;
    this.#reconnect();
  }

  /** The broker has accepted the connection. */
  onConnected(): void {
    if (!this.#isAsking) return;
    if (this.#hasChanged) {
      this.#ask();
      return;
    }
    this.#isAsking = false;
    this.#session.remember();
    this.#answerAll(ReturnCode.Accepted);
  }

  /**
   * The broker has not accepted it: the client keeps the will that it had.
   * @returns whether the broker is asked to take it back with that
   */
  onRefused(returnCode: number): boolean {
    if (!this.#isAsking || this.#answers.size === 0) return false;
    this.#session.will = this.#accepted;
    this.#answerAll(returnCode);
    this.#ask();
    return true;
  }

  /** The client has connected anew. */
  clear(): void {
    this.#isAsking = false;
    this.#answers.clear();
  }

  #answerAll(returnCode: number): void {
    for (const type of this.#answers) this.#answer(type, returnCode);
    this.#answers.clear();
  }

  #answer(type: AnswerType, returnCode: number): void {
    this.#line.toClient({ type, returnCode });
  }
}

/** Whether a will can have this topic; whether the client may publish to it, the broker says. */
export function isWillTopic({ topicName }: WillTopic, { options }: GatewayContext): boolean {
  return utf8ByteLength(topicName) <= options.topicBytes && checkTopicName(topicName) === null;
}

function sameWill(a: SnWill | null, b: SnWill | null): boolean {
  if (a === null || b === null) return a === b;
  const { topicName, qos, retain } = a.topic;
  if (topicName !== b.topic.topicName || qos !== b.topic.qos || retain !== b.topic.retain) return false;
  return a.payload.length === b.payload.length && a.payload.every((byte, i) => byte === b.payload[i]);
}
