import type {
  SessionCensus,
  SessionRecord,
  Store,
  StoreVisitor,
  SubscriptionRecord,
} from '../../../src/core/ports/store.ts';

interface NotedSession {
  record: SessionRecord;
  readonly subscriptions: Map<string, SubscriptionRecord>;
  readonly received: Set<number>;
}

/** What the core would know of its sessions: what a store was told of them, and what it showed. */
export class NotedSessions implements SessionCensus {
  /** How often a store has asked. */
  asked = 0;
  readonly #sessions = new Map<string, NotedSession>();

  /** From now on notes down what the store is told. */
  watch(store: Store): void {
    const { putSession, deleteSession, putSubscription, deleteSubscription, putReceived, deleteReceived } =
      store;
    store.putSession = (session) => {
      this.onSession(session);
      putSession.call(store, session);
    };
    store.deleteSession = (clientId) => {
      this.#sessions.delete(clientId);
      deleteSession.call(store, clientId);
    };
    store.putSubscription = (clientId, subscription) => {
      this.onSubscription(clientId, subscription);
      putSubscription.call(store, clientId, subscription);
    };
    store.deleteSubscription = (clientId, topicFilter) => {
      this.#sessions.get(clientId)?.subscriptions.delete(topicFilter);
      deleteSubscription.call(store, clientId, topicFilter);
    };
    store.putReceived = (clientId, packetId) => {
      this.onReceived(clientId, packetId);
      putReceived.call(store, clientId, packetId);
    };
    store.deleteReceived = (clientId, packetId) => {
      this.#sessions.get(clientId)?.received.delete(packetId);
      deleteReceived.call(store, clientId, packetId);
    };
  }

  onSession(record: SessionRecord): void {
    const noted = this.#sessions.get(record.clientId);
    if (noted !== undefined) noted.record = record;
    else this.#sessions.set(record.clientId, { record, subscriptions: new Map(), received: new Set() });
  }

  onSubscription(clientId: string, subscription: SubscriptionRecord): void {
    this.#sessions.get(clientId)?.subscriptions.set(subscription.topicFilter, subscription);
  }

  onReceived(clientId: string, packetId: number): void {
    this.#sessions.get(clientId)?.received.add(packetId);
  }

  describe(
    clientId: string,
    visitor: Pick<StoreVisitor, 'onSession' | 'onSubscription' | 'onReceived'>,
  ): void {
    this.asked++;
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    visitor.onSession(session.record);
    for (const subscription of session.subscriptions.values()) visitor.onSubscription(clientId, subscription);
    for (const packetId of session.received) visitor.onReceived(clientId, packetId);
  }
}
