import { Durability } from '../../../src/core/ports/durability.ts';
import type {
  MessageConversion,
  MessageQueue,
  QueueOwner,
  SessionRecord,
  Store,
  StoredMessage,
  StoreVisitor,
  SubscriptionRecord,
} from '../../../src/core/ports/store.ts';
import type { Delivery } from '../../../src/core/publish/delivery.ts';
import { Message } from '../../../src/core/publish/message.ts';
import { TopicTable } from '../../../src/core/topics/topic-table.ts';
import { NotedSessions } from './noted-sessions.ts';

const utf8 = new TextEncoder();

/** Messages of this topic are not taken back from a store: as after a restart with lower limits. */
export const REFUSED_TOPIC_NAME = 'no/longer/allowed';

/** What a test says of a message; the rest has defaults. */
export interface MessageOptions {
  readonly topicName?: string;
  readonly payload?: Uint8Array | string;
  readonly qos?: Message['qos'];
  readonly retain?: boolean;
  readonly properties?: Uint8Array;
  readonly expiresAtMs?: number;
  readonly durability?: Message['durability'];
}

/** A delivery as a test compares it. */
export interface DeliveryView {
  readonly text: string;
  readonly packetId: number;
  readonly state: number;
}

/**
 * Stands where the core stands: it has loaded a store, noted down what was shown and in which order, and has a topic table
 * and clocks of its own.
 */
export class LoadedStore<S extends Store = Store> implements StoreVisitor, MessageConversion {
  readonly store: S;
  /** What the wall clock is ahead of the monotonic one. */
  wallAheadMs: number;
  readonly census = new NotedSessions();
  readonly topics = new TopicTable({ maxLevels: 65_535 });
  /** In order of being shown, such as `session c1`. */
  readonly shown: string[] = [];
  readonly sessions = new Map<string, SessionRecord>();
  readonly subscriptions: [clientId: string, subscription: SubscriptionRecord][] = [];
  readonly received: [clientId: string, packetId: number][] = [];
  readonly owners: QueueOwner[] = [];
  /** Whose messages were lost. */
  readonly damaged: string[] = [];
  readonly retained = new Map<string, { readonly message: Message; readonly expiresAtWallMs: number }>();

  constructor(store: S, wallAheadMs = 1_000_000) {
    this.store = store;
    this.wallAheadMs = wallAheadMs;
    store.load(this, this, this.census);
    this.census.watch(store);
  }

  onSession(session: SessionRecord): void {
    this.census.onSession(session);
    this.shown.push(`session ${session.clientId}`);
    this.sessions.set(session.clientId, session);
  }

  onSubscription(clientId: string, subscription: SubscriptionRecord): void {
    this.census.onSubscription(clientId, subscription);
    this.shown.push(`subscription ${clientId} ${subscription.topicFilter}`);
    this.subscriptions.push([clientId, subscription]);
  }

  onReceived(clientId: string, packetId: number): void {
    this.census.onReceived(clientId, packetId);
    this.shown.push(`received ${clientId} ${packetId}`);
    this.received.push([clientId, packetId]);
  }

  onQueue(owner: QueueOwner): void {
    this.shown.push(
      owner.kind === 'session'
        ? `queue ${owner.clientId}`
        : `queue $share/${owner.shareName}/${owner.topicFilter}`,
    );
    this.owners.push(owner);
  }

  onRetained(message: Message, expiresAtWallMs: number): void {
    this.shown.push(`retained ${message.topic.name}`);
    this.retained.set(message.topic.name, { message, expiresAtWallMs });
  }

  restore(stored: StoredMessage): Message | null {
    if (stored.topicName === REFUSED_TOPIC_NAME) return null;
    return this.message({
      topicName: stored.topicName,
      payload: stored.payload,
      qos: stored.qos,
      retain: stored.retain,
      properties: stored.properties,
      expiresAtMs: stored.expiresAtWallMs - this.wallAheadMs,
    });
  }

  expiresAtWallMs(message: Pick<Message, 'expiresAtMs'>): number {
    return message.expiresAtMs + this.wallAheadMs;
  }

  /** A monotonic clock that stands still. */
  readonly nowMs = 0;

  onDamaged(recipient: string): void {
    this.damaged.push(recipient);
  }

  message(options: MessageOptions = {}): Message {
    const topic = this.topics.internName(options.topicName ?? 'a/b');
    if (topic === null) throw new Error(`not a topic name: ${options.topicName}`);
    const payload = options.payload ?? '';
    return new Message(
      topic,
      typeof payload === 'string' ? utf8.encode(payload) : payload,
      options.qos ?? 1,
      options.retain ?? false,
      options.properties ?? new Uint8Array(0),
      options.expiresAtMs ?? Number.POSITIVE_INFINITY,
      options.durability ?? Durability.Disk,
    );
  }

  queue(owner: QueueOwner): MessageQueue {
    return this.store.openQueue(owner);
  }

  sessionQueue(clientId: string): MessageQueue {
    return this.store.openQueue({ kind: 'session', clientId });
  }

  /** Takes out everything that waits. */
  drain(owner: QueueOwner): DeliveryView[] {
    const queue = this.queue(owner);
    const views: DeliveryView[] = [];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) views.push(viewOf(next));
    return views;
  }

  takeInFlight(owner: QueueOwner): DeliveryView[] {
    return this.queue(owner).takeInFlight().map(viewOf);
  }
}

export function viewOf(delivery: Delivery): DeliveryView {
  return {
    text: new TextDecoder().decode(delivery.message.payload),
    packetId: delivery.packetId,
    state: delivery.state,
  };
}
