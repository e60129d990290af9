/** Messages of the application that embeds the broker, into their routes. */
import { encodeForwardableProperties } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type { Retaining } from '../retained/retaining.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { LocalPublish } from './local-publish.ts';
import { checkLocalPublish } from './local-publish.ts';
import type { Publication } from './publication.ts';
import type { Router } from './router.ts';

/** In place of a commit's number. */
export const NOT_KEPT = -2;
/** The same: the queue of a recipient is full, and its policy is to reject. */
export const REJECTED = -3;

export class ApplicationPublishing {
  readonly #context: CoreContext;
  readonly #topics: TopicTable;
  readonly #router: Router;
  readonly #retaining: Retaining;
  readonly #publication: Publication;

  /** @param publication used for nothing else while it publishes */
  constructor(
    context: CoreContext,
    topics: TopicTable,
    router: Router,
    retaining: Retaining,
    publication: Publication,
  ) {
    this.#context = context;
    this.#topics = topics;
    this.#router = router;
    this.#retaining = retaining;
    this.#publication = publication;
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
}
