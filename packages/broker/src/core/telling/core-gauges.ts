/** What there is in the broker now: read from the tables that hold it, whenever somebody asks. */
import type { CoreContext } from '../context.ts';
import { STORE_STATES } from '../keeping.ts';
import type { Retaining } from '../retained/retaining.ts';
import type { Sessions } from '../session/sessions.ts';
import type { Subscriptions } from '../session/subscriptions.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { Gauges } from './metrics.ts';

export class CoreGauges implements Gauges {
  readonly #context: CoreContext;
  readonly #sessions: Sessions;
  readonly #subscriptions: Subscriptions;
  readonly #retaining: Retaining;
  readonly #connections: ReadonlySet<unknown>;
  readonly #topics: TopicTable;

  constructor(
    context: CoreContext,
    sessions: Sessions,
    subscriptions: Subscriptions,
    retaining: Retaining,
    connections: ReadonlySet<unknown>,
    topics: TopicTable,
  ) {
    this.#context = context;
    this.#sessions = sessions;
    this.#subscriptions = subscriptions;
    this.#retaining = retaining;
    this.#connections = connections;
    this.#topics = topics;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get clientsConnected(): number {
    return this.#sessions.connected;
  }

  get sessions(): number {
    return this.#sessions.count;
  }

  get subscriptions(): number {
    return this.#subscriptions.count;
  }

  get sharedSubscriptions(): number {
    return this.#subscriptions.sharedCount;
  }

  get internedTopics(): number {
    return this.#topics.size;
  }

  get retainedMessages(): number {
    return this.#retaining.messages.count;
  }

  get retainedBytes(): number {
    return this.#retaining.messages.bytes;
  }

  get storedMessages(): number {
    return this.#context.store.messageCount + this.#context.transientMessages;
  }

  get storedBytes(): number {
    return this.#context.store.messageBytes + this.#context.transientPayloadBytes;
  }

  get outboxBytes(): number {
    return this.#context.blockedBytes;
  }

  get storeState(): number {
    return STORE_STATES.indexOf(this.#context.keeping.state);
  }
}
