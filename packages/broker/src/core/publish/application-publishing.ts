/** Messages of the application that embeds the broker, into their routes. */
import { encodeForwardableProperties } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type { Retaining } from '../retained/retaining.ts';
import type { Sessions } from '../session/sessions.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { Delivery } from './delivery.ts';
import type { LocalPublish } from './local-publish.ts';
import { checkLocalPublish } from './local-publish.ts';
import type { Outgoing } from './outgoing.ts';
import type { Publication } from './publication.ts';
import type { Router } from './router.ts';

/** In place of a commit's number. */
export const NOT_KEPT = -2;
/** The same: the queue of a recipient is full, and its policy is to reject. */
export const REJECTED = -3;

const NO_IDENTIFIERS: readonly number[] = Object.freeze([]);

export class ApplicationPublishing {
  readonly #context: CoreContext;
  readonly #topics: TopicTable;
  readonly #router: Router;
  readonly #retaining: Retaining;
  readonly #publication: Publication;
  readonly #sessions: Sessions;
  readonly #outgoing: Outgoing;

  /** @param publication used for nothing else while it publishes */
  constructor(
    context: CoreContext,
    topics: TopicTable,
    router: Router,
    retaining: Retaining,
    publication: Publication,
    sessions: Sessions,
    outgoing: Outgoing,
  ) {
    this.#context = context;
    this.#topics = topics;
    this.#router = router;
    this.#retaining = retaining;
    this.#publication = publication;
    this.#sessions = sessions;
    this.#outgoing = outgoing;
  }

  /**
   * Routes a message.
   * @returns the commit that keeps it, 0 if nothing is to be waited for, -1 if the topic name is none, `NOT_KEPT` if it
   *   would have to be kept and is refused (`context.keeping` says why), `REJECTED`
   * @throws {TypeError | RangeError} for what no client could publish either; nothing has been done then
   */
  publish(message: LocalPublish): number {
    const context = this.#context;
    const topic = this.#topics.internName(message.topicName);
    if (topic === null) return -1;
    checkLocalPublish(message, context.profile.limits.maximumPacketSize);
    const before = context.stagings;
    const publication = this.#publication;
    publication.begin(topic, message.qos, message.retain, null, '', context.nowMs);
    if (context.keeping.localRefusal !== null && this.#router.mustBeKept(publication)) return NOT_KEPT;
    publication.setPayload(message.payload, 0, message.payload.length, false);
    publication.properties = encodeForwardableProperties(message.properties);
    publication.expirySeconds = message.properties.messageExpiryInterval ?? -1;
    const full = this.#router.rejectedBy(publication);
    if (full !== null) {
      const detail = `the queue of ${JSON.stringify(full)} is full`;
      context.outcomes.dropped(DropReason.QueueFullRejected, '', topic, 1, detail, publication);
      return REJECTED;
    }
    if (message.retain) this.#retaining.retain(publication);
    this.#router.route(publication);
    return context.stagings === before ? 0 : context.commits.awaited(publication.durability);
  }

  /**
   * Gives a message to one client, whatever it is subscribed to. While it is away, QoS 1 and 2 wait in its queue.
   * @returns false if it has no session, may not receive the topic, or nothing can be kept for it now
   * @throws {TypeError | RangeError} for what no client could publish either
   */
  publishTo(clientId: string, message: LocalPublish): boolean {
    const context = this.#context;
    const topic = this.#topics.internName(message.topicName);
    const session = this.#sessions.get(clientId);
    checkLocalPublish(message, context.profile.limits.maximumPacketSize);
    if (topic === null || session === undefined) return false;
    const { qos } = message;
    if (qos > 0 && session.kept && context.keeping.localRefusal !== null) return false;
    const publication = this.#publication;
    publication.begin(topic, qos, false, null, '', context.nowMs);
    publication.setPayload(message.payload, 0, message.payload.length, false);
    publication.properties = encodeForwardableProperties(message.properties);
    publication.expirySeconds = message.properties.messageExpiryInterval ?? -1;
    if (!context.receiveRights.mayReceive(session, topic)) {
      context.outcomes.dropped(DropReason.NotAuthorizedToReceive, clientId, topic, 1, '', publication);
      return false;
    }
    if (qos === 0) this.#outgoing.deliverQos0(publication, session, false, NO_IDENTIFIERS);
    else this.#outgoing.enqueue(session, new Delivery(publication.message(), qos, false));
    return true;
  }
}
