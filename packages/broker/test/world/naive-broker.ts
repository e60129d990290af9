/**
 * What the specification says that each client gets, without a thought for speed: a list of subscriptions per client,
 * looked through for every message. Shared subscriptions and limits are not in it.
 */
import type { PublishPacket, Qos, Subscription } from '@martlet/protocol';

/** A PUBLISH as a client sees it, without what differs between equal ones. */
export interface Received {
  readonly topicName: string;
  readonly payload: string;
  readonly qos: Qos;
  readonly retain: boolean;
  /** In rising order. */
  readonly identifiers: readonly number[];
  /** Seconds; undefined for none. */
  readonly expiry: number | undefined;
  readonly contentType: string | undefined;
}

export interface NaiveMessage {
  readonly topicName: string;
  readonly payload: string;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly expiry: number | undefined;
  readonly contentType: string | undefined;
}

interface Kept {
  readonly message: NaiveMessage;
  /** In seconds. */
  readonly since: number;
}

interface Waiting extends Kept {
  readonly qos: Qos;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
}

interface NaiveSubscription extends Subscription {
  readonly identifier: number;
}

interface NaiveClient {
  readonly isV5: boolean;
  /** Its session outlives its connection. */
  readonly isKept: boolean;
  isConnected: boolean;
  subscriptions: NaiveSubscription[];
  queue: Waiting[];
}

export class NaiveBroker {
  /** Seconds since the start. */
  now = 0;
  readonly #clients: NaiveClient[];
  readonly #retained = new Map<string, Kept>();

  constructor(clients: readonly { readonly isV5: boolean; readonly isKept: boolean }[]) {
    this.#clients = clients.map((client) => ({ ...client, isConnected: true, subscriptions: [], queue: [] }));
  }

  /** What each client gets at once. */
  publish(publisher: number, message: NaiveMessage): Received[][] {
    if (message.retain) {
      if (message.payload === '') this.#retained.delete(message.topicName);
      else this.#retained.set(message.topicName, { message, since: this.now });
    }
    return this.#clients.map((client, i) => {
      const matching = client.subscriptions.filter(
        ({ topicFilter, noLocal }) =>
          matches(topicFilter, message.topicName) && !(noLocal && i === publisher),
      );
      if (matching.length === 0) return [];
      const waiting: Waiting = {
        message,
        since: this.now,
        qos: Math.min(message.qos, Math.max(...matching.map(({ qos }) => qos))) as Qos,
        retain: message.retain && matching.some(({ retainAsPublished }) => retainAsPublished),
        identifiers: matching.map(({ identifier }) => identifier).filter((identifier) => identifier !== 0),
      };
      if (client.isConnected) return [this.#received(client, waiting)];
      if (waiting.qos > 0) client.queue.push(waiting);
      return [];
    });
  }

  /** What the client gets of what is retained. */
  subscribe(of: number, subscription: Subscription, identifier: number): Received[] {
    const client = this.#clients[of]!;
    const others = client.subscriptions.filter(({ topicFilter }) => topicFilter !== subscription.topicFilter);
    const isNew = others.length === client.subscriptions.length;
    client.subscriptions = [...others, { ...subscription, identifier }];
    if (subscription.retainHandling === 2 || (subscription.retainHandling === 1 && !isNew)) return [];
    return [...this.#retained.values()]
      .filter((kept) => matches(subscription.topicFilter, kept.message.topicName) && this.#left(kept) !== 0)
      .map((kept) =>
        this.#received(client, {
          ...kept,
          qos: Math.min(kept.message.qos, subscription.qos) as Qos,
          retain: true,
          identifiers: identifier === 0 ? [] : [identifier],
        }),
      );
  }

  unsubscribe(of: number, topicFilter: string): void {
    const client = this.#clients[of]!;
    client.subscriptions = client.subscriptions.filter((each) => each.topicFilter !== topicFilter);
  }

  disconnect(of: number): void {
    const client = this.#clients[of]!;
    client.isConnected = false;
    if (!client.isKept) client.subscriptions = [];
  }

  /** What has waited for the client. */
  connect(of: number): Received[] {
    const client = this.#clients[of]!;
    client.isConnected = true;
    const waited = client.queue.filter((waiting) => this.#left(waiting) !== 0);
    client.queue = [];
    return waited.map((waiting) => this.#received(client, waiting));
  }

  isConnected(of: number): boolean {
    return this.#clients[of]!.isConnected;
  }

  /** Seconds until the message expires, 0 if it has; undefined if never. */
  #left({ message, since }: Kept): number | undefined {
    return message.expiry === undefined ? undefined : Math.max(0, message.expiry - (this.now - since));
  }

  #received({ isV5 }: NaiveClient, waiting: Waiting): Received {
    const { message, qos, retain, identifiers } = waiting;
    return {
      topicName: message.topicName,
      payload: message.payload,
      qos,
      retain,
      identifiers: isV5 ? [...identifiers].sort((a, b) => a - b) : [],
      expiry: isV5 ? this.#left(waiting) : undefined,
      contentType: isV5 ? message.contentType : undefined,
    };
  }
}

export function asReceived({ topicName, payload, qos, retain, properties }: PublishPacket): Received {
  return {
    topicName,
    payload: new TextDecoder().decode(payload),
    qos,
    retain,
    identifiers: [...(properties.subscriptionIdentifiers ?? [])].sort((a, b) => a - b),
    expiry: properties.messageExpiryInterval,
    contentType: properties.contentType,
  };
}

function matches(topicFilter: string, topicName: string): boolean {
  const filter = topicFilter.split('/');
  const name = topicName.split('/');
  if (topicName.startsWith('$') && (filter[0] === '#' || filter[0] === '+')) return false;
  for (let i = 0; i < filter.length; i++) {
    if (filter[i] === '#') return true;
    if (i >= name.length || (filter[i] !== '+' && filter[i] !== name[i])) return false;
  }
  return filter.length === name.length;
}
