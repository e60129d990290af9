/** Publishes `$SYS` when it is time: retained in memory only, so that a restart begins it anew. */
import type { Deadline } from '@martlet/protocol';
import type { CoreContext } from './context.ts';
import { Durability } from './ports/durability.ts';
import { Message, NO_BYTES } from './publish/message.ts';
import type { Publication } from './publish/publication.ts';
import type { Router } from './publish/router.ts';
import type { Retaining } from './retained/retaining.ts';
import type { MoreSysTopics, SysSources } from './telling/sys-topics.ts';
import { SysTopics } from './telling/sys-topics.ts';
import type { TopicTable } from './topics/topic-table.ts';

const encoder = new TextEncoder();

export class SysPublishing implements Deadline {
  /** Of Deadlines. */
  heapIndex: number;
  readonly #context: CoreContext;
  readonly #topics: TopicTable;
  readonly #router: Router;
  readonly #retaining: Retaining;
  readonly #publication: Publication;
  readonly #sysTopics: SysTopics;

  /** @param publication used for nothing else while it publishes */
  constructor(
    context: CoreContext,
    topics: TopicTable,
    router: Router,
    retaining: Retaining,
    publication: Publication,
    sources: SysSources,
  ) {
    this.heapIndex = -1;
    this.#context = context;
    this.#topics = topics;
    this.#router = router;
    this.#retaining = retaining;
    this.#publication = publication;
    this.#sysTopics = new SysTopics(sources, {
      sysInterval: context.profile.sysInterval,
      versionText: context.profile.sysVersion,
    });
  }

  /** From the next update on they are told, too. */
  add(more: MoreSysTopics): void {
    this.#sysTopics.add(more);
  }

  /** Sets the deadline of the next update: now, for the first one, and when the interval has changed. */
  start(): void {
    const context = this.#context;
    this.#sysTopics.intervalMs = context.profile.sysInterval * 1000;
    context.deadlines.set(this, Math.max(this.#sysTopics.nextMs, context.nowMs));
  }

  onDue(): void {
    const context = this.#context;
    try {
      this.#sysTopics.update(context.nowMs, context.wallMs, (topicName, text) =>
        this.#publish(topicName, text),
      );
    } finally {
      context.deadlines.set(this, this.#sysTopics.nextMs);
    }
  }

  #publish(topicName: string, text: string): void {
    const topic = this.#topics.internName(topicName);
    if (topic === null) return; // it has more levels than are allowed
    const never = Number.POSITIVE_INFINITY;
    const message = new Message(topic, encoder.encode(text), 2, true, NO_BYTES, never, Durability.Memory);
    this.#retaining.keep(message);
    if (!this.#router.hasSubscribers(topic)) return;
    this.#publication.beginKept(message, null, '', this.#context.nowMs);
    this.#router.route(this.#publication);
  }
}
