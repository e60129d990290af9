/**
 * The topics by which clients tell the broker what to do: what is published to `$CONTROL/...` goes to one handler, after the
 * turn, and to nobody else; it is never retained. The authoriser must have allowed it: without one, nobody may.
 */
import { ReasonCode } from '@martlet/protocol';
import type { Refusal } from '../connection/handshake.ts';
import type { CoreContext } from '../context.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import { LocalSubscription } from './local-subscription.ts';
import type { Message } from './message.ts';
import type { Publication } from './publication.ts';

export type ControlHandler = (message: Message, client: ClientIdentity) => void;

export class ControlTopics {
  readonly #context: CoreContext;
  readonly #handlers: Map<string, ControlHandler>;

  constructor(context: CoreContext) {
    this.#context = context;
    this.#handlers = new Map();
  }

  /**
   * Hands over what is published to exactly this topic.
   * @returns takes the handler off again
   * @throws {TypeError} if there is one
   */
  on(topicName: string, handler: ControlHandler): () => void {
    if (this.#handlers.has(topicName)) throw new TypeError(`${topicName} has a handler already`);
    this.#handlers.set(topicName, handler);
    return () => {
      if (this.#handlers.get(topicName) === handler) this.#handlers.delete(topicName);
    };
  }

  /** Gives a message that may be published to its handler. @returns why it is refused; null if it is not */
  take(publication: Publication, client: ClientIdentity): Refusal | null {
    const { name } = publication.topic;
    const handler = this.#handlers.get(name);
    if (handler === undefined) {
      return { reasonCode: ReasonCode.NotAuthorized, reasonString: `no such control topic: ${name}` };
    }
    if (!this.#context.hasRoomForLocal) {
      return { reasonCode: ReasonCode.QuotaExceeded, reasonString: 'too many messages for the broker wait' };
    }
    const subscription = new LocalSubscription(name, (message) => handler(message, client), false);
    this.#context.addLocal({ subscription, message: publication.message(), retained: false });
    return null;
  }
}
