/** What the gateway sends of its own accord: messages, and the topics that they will come on. */
import type { Publish, SnMessage, TopicReference } from '../core/codec/message.ts';
import { ReturnCode } from '../core/codec/return-code.ts';
import { contentOf, RecentExchanges } from '../core/recent-exchanges.ts';
import type { ClientContext } from './client-context.ts';
import type { SnMessageReceived } from './sn-client-options.ts';
import { topicIdOf } from './topic-reference.ts';

/** QoS 2 messages that were received and not released. A gateway has one under way; of more, the oldest are forgotten. */
const MOST_RECEIVED = 64;

export class ClientIncoming {
  readonly #context: ClientContext;
  readonly #onMessage: (message: SnMessageReceived) => void;
  /** Content by packet identifier. */
  readonly #received = new Map<number, number>();
  /** Released lately: a copy that the network kept back is no new message. */
  readonly #released: RecentExchanges;

  constructor(context: ClientContext, onMessage: (message: SnMessageReceived) => void) {
    this.#context = context;
    this.#onMessage = onMessage;
    const { retryMs, retries } = context.options;
    this.#released = new RecentExchanges(retryMs * (retries + 1));
  }

  /** The session is another one. */
  clear(): void {
    this.#received.clear();
    this.#released.clear();
  }

  receive(message: SnMessage): void {
    switch (message.type) {
      case 'publish':
        this.#onPublish(message);
        return;
      case 'register':
        this.#onRegister(message.topicId, message.packetId, message.topicName);
        return;
      case 'pubrel':
        this.#release(message.packetId);
        this.#context.send({ type: 'pubcomp', packetId: message.packetId });
        return;
      case 'puback':
        this.#onLatePuback(message.topicId, message.returnCode);
        return;
      case 'pingreq':
        this.#context.send({ type: 'pingresp' });
        return;
      default:
    }
  }

  #release(packetId: number): void {
    const content = this.#received.get(packetId);
    if (content === undefined) return;
    this.#received.delete(packetId);
    this.#released.add(packetId, content, this.#context.nowMs);
  }

  #onRegister(topicId: number, packetId: number, topicName: string): void {
    this.#context.topics.know(topicName, topicId);
    this.#context.send({ type: 'regack', topicId, packetId, returnCode: ReturnCode.Accepted });
  }

  #onPublish(message: Publish): void {
    const { topic, qos, packetId } = message;
    if (qos === -1) return;
    const topicName = this.#context.topics.nameOf(topic);
    if (topicName === undefined) {
      this.#puback(topic, packetId, ReturnCode.InvalidTopicId);
      return;
    }
    // It is handed on first: who is acknowledged is not sent again.
    if (qos !== 2 || this.#isNew(message)) this.#handOn(message, qos, topicName);
    if (qos === 1) this.#puback(topic, packetId, ReturnCode.Accepted);
    else if (qos === 2) this.#context.send({ type: 'pubrec', packetId });
  }

  /** Of QoS 2: neither received before and not released, nor released just now. */
  #isNew({ topic, packetId, retain, payload }: Publish): boolean {
    if (this.#received.has(packetId)) return false;
    const content = contentOf(topicIdOf(topic), retain ? 1 : 0, payload);
    if (this.#released.has(packetId, content, this.#context.nowMs)) return false;
    if (this.#received.size >= MOST_RECEIVED) {
      const [oldest] = this.#received.keys();
      this.#received.delete(oldest!);
    }
    this.#received.set(packetId, content);
    return true;
  }

  #handOn({ payload, retain, dup }: Publish, qos: 0 | 1 | 2, topicName: string): void {
    this.#onMessage({ topicName, payload: payload.slice(), qos, retain, dup });
  }

  #puback(topic: TopicReference, packetId: number, returnCode: number): void {
    this.#context.send({ type: 'puback', topicId: topicIdOf(topic), packetId, returnCode });
  }

  /** At QoS 0 it comes only when something was wrong, and nobody waits for it (section 6.6). */
  #onLatePuback(topicId: number, returnCode: number): void {
    if (returnCode === ReturnCode.InvalidTopicId) this.#context.topics.forgetId(topicId);
    else if (returnCode === ReturnCode.Congestion)
      this.#context.congestion.begin('PUBLISH', this.#context.nowMs);
  }
}
