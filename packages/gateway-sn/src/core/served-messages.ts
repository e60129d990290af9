/** What a client that is connected, or asleep, asks for and answers. */
import type { AddressBudget } from './address-budget.ts';
import type { Puback, SnMessage } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { Delivery } from './delivery.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import type { KeptSession } from './kept-session.ts';
import type { WillUpdates } from './will-updates.ts';

export class ServedMessages {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #session: KeptSession;
  readonly #delivery: Delivery;
  readonly #willUpdates: WillUpdates;

  constructor(
    context: GatewayContext,
    line: ClientLine,
    session: KeptSession,
    delivery: Delivery,
    willUpdates: WillUpdates,
  ) {
    this.#context = context;
    this.#line = line;
    this.#session = session;
    this.#delivery = delivery;
    this.#willUpdates = willUpdates;
  }

  /** @param budget of the address that the message came from */
  onMessage(message: SnMessage, budget: AddressBudget): void {
    if ('packetId' in message && this.#delivery.proves(message)) budget.validate();
    const { topics, incoming, subscribing } = this.#session;
    switch (message.type) {
      case 'register':
        this.#line.toClient(this.#session.register(message));
        return;
      case 'publish':
        // A sleeper may publish without waking: it stays asleep.
        incoming.onPublish(message, topics.topicNameOf(message.topic));
        return;
      case 'pubrel':
        incoming.onPubrel(message.packetId);
        return;
      case 'subscribe':
        subscribing.onSubscribe(message);
        return;
      case 'unsubscribe':
        subscribing.onUnsubscribe(message);
        return;
      case 'regack':
        this.#delivery.onRegack(message.packetId, message.returnCode);
        this.#session.rememberSoon();
        return;
      case 'puback':
        this.#onPuback(message);
        return;
      case 'pubrec':
        this.#delivery.onPubrec(message.packetId);
        return;
      case 'pubcomp':
        this.#delivery.onPubcomp(message.packetId);
        return;
      case 'willtopicupd':
        this.#willUpdates.onTopic(message.will);
        return;
      case 'willmsgupd':
        this.#willUpdates.onMessage(message.payload);
        return;
      default:
        this.#context.metrics.unexpected++;
    }
  }

  #onPuback({ topicId, packetId, returnCode }: Puback): void {
    if (packetId !== 0) {
      this.#delivery.onPuback(packetId, returnCode);
      return;
    }
    // A PUBLISH of QoS 0 is over when it is sent, but its client may still say that it does not know the topic.
    const { topics } = this.#session;
    const topicName = topics.ids.topicName(topicId);
    if (returnCode === ReturnCode.InvalidTopicId && topicName !== undefined) topics.doubt(topicName);
  }
}
