/**
 * Mosquitto's contents as the lines of an export, which `importStore` makes a store of (docs/store-format.md): so that an
 * import from Mosquitto is checked, and whole or not at all, like any other.
 *
 * Mosquitto routes a QoS 2 message when its PUBREL comes, Martlet when its PUBLISH does. One whose PUBREL had not come
 * is therefore routed here, to the sessions that are imported with it, and its packet identifier is kept.
 */
import {
  checkTopicFilter,
  checkTopicName,
  isSharedFilter,
  matches,
  parseSharedFilter,
} from '@martlet/protocol';
import { contentFields } from '../../stores/disk/tools/export/content-fields.ts';
import type {
  ExportCounts,
  ExportLine,
  InFlightLine,
  QueuedLine,
  SessionLine,
} from '../../stores/disk/tools/export/export-lines.ts';
import { EXPORT_FORMAT, EXPORT_VERSION, noCounts } from '../../stores/disk/tools/export/export-lines.ts';
import { MOST_LEVELS } from '../../stores/disk/tools/import/line-values.ts';
import type {
  MosquittoContents,
  MosquittoDelivery,
  MosquittoMessage,
  MosquittoSession,
  MosquittoSubscription,
} from './mosquitto-contents.ts';
import { MessageState, NEVER_EXPIRES } from './mosquitto-contents.ts';

export interface Moments {
  /** When the import is made, in ms since 1970. */
  readonly nowMs: number;
  /** When the database was written: clients that were connected then are taken as gone since. */
  readonly writtenMs: number;
}

/** Makes the lines once; what was left out is known when they are through. */
export class ContentsLines {
  /** Why how many things were left out, by reason. */
  readonly leftOut: Map<string, number>;
  readonly #contents: MosquittoContents;
  readonly #moments: Moments;
  readonly #counts: ExportCounts;
  /** Numbers in the export, by Mosquitto's. */
  readonly #numbers: Map<bigint, number>;
  readonly #subscriptionsOf: ReadonlyMap<string, readonly MosquittoSubscription[]>;
  /** Of QoS 2 messages whose PUBREL has not come. */
  readonly #receivedOf: ReadonlyMap<string, readonly MosquittoDelivery[]>;

  constructor(contents: MosquittoContents, moments: Moments) {
    this.leftOut = new Map();
    this.#contents = contents;
    this.#moments = moments;
    this.#counts = noCounts();
    this.#numbers = new Map();
    this.#subscriptionsOf = byClient(contents.subscriptions);
    this.#receivedOf = byClient(contents.deliveries.filter(isReceived));
  }

  *lines(): Generator<ExportLine> {
    const { lost } = this.#contents;
    yield {
      format: EXPORT_FORMAT,
      version: EXPORT_VERSION,
      ...(lost.length > 0 && { salvaged: true as const }),
    };
    const sessions = new Set<string>();
    for (const session of this.#contents.sessions) {
      if (sessions.has(session.clientId)) continue;
      sessions.add(session.clientId);
      yield* this.#session(session);
    }
    const deliveries = this.#contents.deliveries.filter(({ clientId }) => {
      if (sessions.has(clientId)) return true;
      this.#leaveOut('messages for clients that have no session');
      return false;
    });
    yield* this.#messages(deliveries);
    const early = deliveries.filter(
      ({ outgoing, state }) => !outgoing && state === MessageState.WaitForPubrel,
    );
    yield* this.#retained(early);
    yield* this.#inFlight(deliveries);
    yield* this.#queued(deliveries);
    yield* this.#routedEarly(early);
    for (const text of lost) {
      this.#counts.lost++;
      yield { type: 'lost', code: 'damaged', file: this.#contents.format, offset: 0, text };
    }
    yield { type: 'end', ...this.#counts };
  }

  *#session(session: MosquittoSession): Generator<ExportLine> {
    const { clientId } = session;
    this.#counts.sessions++;
    yield this.#sessionLine(session);
    const seen = new Set<string>();
    for (const { topicFilter, ...options } of this.#subscriptionsOf.get(clientId) ?? []) {
      if (seen.has(topicFilter)) continue;
      if (!isFilter(topicFilter)) {
        this.#leaveOut('subscriptions whose topic filter is not valid');
        continue;
      }
      seen.add(topicFilter);
      this.#counts.subscriptions++;
      const { qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } = options;
      yield {
        type: 'subscription',
        clientId,
        topicFilter,
        qos,
        noLocal,
        retainAsPublished,
        retainHandling: Math.min(retainHandling, 2),
        ...(subscriptionIdentifier > 0 && { subscriptionIdentifier }),
      };
    }
    const received = this.#receivedOf.get(clientId);
    if (received === undefined) return;
    const packetIds = [...new Set(received.map(({ packetId }) => packetId))];
    this.#counts.receivedPacketIds += packetIds.length;
    yield { type: 'received', clientId, packetIds };
  }

  #sessionLine({ clientId, sessionExpiryInterval, expiresAtSeconds, will }: MosquittoSession): SessionLine {
    const leftMs =
      expiresAtSeconds === 0 || sessionExpiryInterval === NEVER_EXPIRES
        ? this.#moments.writtenMs
        : (expiresAtSeconds - sessionExpiryInterval) * 1000;
    return {
      type: 'session',
      clientId,
      sessionExpiryInterval: sessionExpiryInterval === NEVER_EXPIRES ? 'never' : sessionExpiryInterval,
      // A client with a will was connected: its will is due unless it comes back in time.
      ...(will === undefined && { disconnectedAt: isoTime(Math.max(0, leftMs)) }),
      ...(will !== undefined && {
        will: {
          topicName: will.topicName,
          qos: will.qos,
          retain: will.retain,
          ...(will.messageExpiryInterval !== undefined && {
            messageExpiryInterval: will.messageExpiryInterval,
          }),
          willDelayInterval: will.willDelayInterval,
          ...contentFields(will.payload, will.properties),
        },
      }),
    };
  }

  /** Those that something refers to. */
  *#messages(deliveries: readonly MosquittoDelivery[]): Generator<ExportLine> {
    const wanted = new Set([...this.#contents.retained, ...deliveries.map(({ messageId }) => messageId)]);
    for (const messageId of this.#contents.messageIds) {
      if (!wanted.delete(messageId)) continue;
      const message = this.#contents.readMessage(messageId);
      if (message === undefined || !this.#isWanted(message)) continue;
      const number = ++this.#counts.messages;
      this.#numbers.set(messageId, number);
      const { topicName, qos, retain, expiresAtSeconds, payload, properties } = message;
      yield {
        type: 'message',
        message: number,
        topicName,
        qos,
        retain,
        ...(expiresAtSeconds > 0 && { expiresAt: isoTime(expiresAtSeconds * 1000) }),
        ...contentFields(payload, properties),
      };
    }
    for (const _ of wanted) this.#leaveOut('messages that the database does not hold');
  }

  #isWanted({ topicName, expiresAtSeconds }: MosquittoMessage): boolean {
    if (checkTopicName(topicName, MOST_LEVELS) !== null)
      this.#leaveOut('messages whose topic name is not valid');
    else if (topicName.startsWith('$SYS/'))
      return false; // the broker's own
    else if (expiresAtSeconds > 0 && expiresAtSeconds * 1000 <= this.#moments.nowMs) {
      this.#leaveOut('messages that have expired');
    } else return true;
    return false;
  }

  *#retained(early: readonly MosquittoDelivery[]): Generator<ExportLine> {
    const byTopic = new Map<string, number>();
    for (const messageId of this.#contents.retained) {
      const number = this.#numbers.get(messageId);
      if (number === undefined) continue;
      byTopic.set(this.#contents.readMessage(messageId)!.topicName, number);
    }
    for (const { messageId } of early) {
      const number = this.#numbers.get(messageId);
      const message = number === undefined ? undefined : this.#contents.readMessage(messageId);
      if (message?.retain !== true) continue;
      if (message.payload.length === 0) byTopic.delete(message.topicName);
      else byTopic.set(message.topicName, number!);
    }
    for (const [topicName, message] of byTopic) {
      this.#counts.retained++;
      yield { type: 'retained', topicName, message };
    }
  }

  *#inFlight(deliveries: readonly MosquittoDelivery[]): Generator<InFlightLine> {
    for (const delivery of deliveries) {
      const state = stateInFlight(delivery);
      const message = state === undefined ? undefined : this.#numbers.get(delivery.messageId);
      if (state === undefined || message === undefined) continue;
      const { clientId, packetId, qos, retain } = delivery;
      this.#counts.inFlight++;
      yield {
        type: 'in-flight',
        clientId,
        packetId,
        state,
        message,
        qos,
        retain,
        ...identifiersOf(delivery),
      };
    }
  }

  *#queued(deliveries: readonly MosquittoDelivery[]): Generator<QueuedLine> {
    for (const delivery of deliveries) {
      if (!delivery.outgoing || stateInFlight(delivery) !== undefined) continue;
      const message = this.#numbers.get(delivery.messageId);
      if (message === undefined) continue;
      const { clientId, qos, retain } = delivery;
      this.#counts.queued++;
      yield { type: 'queued', clientId, message, qos, retain, ...identifiersOf(delivery) };
    }
  }

  /** Messages that clients have been told to be received, and that nobody has got yet. */
  *#routedEarly(early: readonly MosquittoDelivery[]): Generator<QueuedLine> {
    for (const { messageId } of early) {
      const number = this.#numbers.get(messageId);
      if (number === undefined) continue;
      const message = this.#contents.readMessage(messageId)!;
      for (const line of this.#matching(message, number)) {
        this.#counts.queued++;
        yield line;
      }
    }
  }

  *#matching(message: MosquittoMessage, number: number): Generator<QueuedLine> {
    const bySession = new Map<string, QueuedLine>();
    const groups = new Set<string>();
    for (const subscription of this.#contents.subscriptions) {
      const { clientId, topicFilter, noLocal, retainAsPublished, subscriptionIdentifier } = subscription;
      const qos = Math.min(message.qos, subscription.qos);
      if (qos === 0 || !isFilter(topicFilter)) continue;
      const shared = isSharedFilter(topicFilter) ? parseSharedFilter(topicFilter, MOST_LEVELS) : null;
      const retain = message.retain && retainAsPublished;
      if (typeof shared === 'object' && shared !== null) {
        const { shareName } = shared;
        if (groups.has(topicFilter) || !matches(shared.topicFilter, message.topicName)) continue;
        groups.add(topicFilter);
        yield {
          type: 'queued',
          group: { shareName, topicFilter: shared.topicFilter },
          message: number,
          qos,
          retain,
        };
        continue;
      }
      if (noLocal && clientId === message.publisherClientId) continue;
      if (!matches(topicFilter, message.topicName)) continue;
      const before = bySession.get(clientId);
      const identifiers = subscriptionIdentifier > 0 ? [subscriptionIdentifier] : [];
      const all = [...(before?.subscriptionIdentifiers ?? []), ...identifiers];
      bySession.set(clientId, {
        type: 'queued',
        clientId,
        message: number,
        qos: Math.max(qos, before?.qos ?? 0),
        retain: retain || (before?.retain ?? false),
        ...(all.length > 0 && { subscriptionIdentifiers: all }),
      });
    }
    yield* bySession.values();
  }

  #leaveOut(reason: string): void {
    this.leftOut.set(reason, (this.leftOut.get(reason) ?? 0) + 1);
  }
}

/** Undefined for one that is not in flight to its client. */
function stateInFlight({ outgoing, packetId, state }: MosquittoDelivery): string | undefined {
  if (!outgoing || packetId === 0) return undefined;
  switch (state) {
    case MessageState.PublishQos1:
    case MessageState.WaitForPuback:
      return 'awaiting-puback';
    case MessageState.PublishQos2:
    case MessageState.WaitForPubrec:
      return 'awaiting-pubrec';
    case MessageState.ResendPubrel:
    case MessageState.WaitForPubcomp:
      return 'awaiting-pubcomp';
    default:
      return undefined;
  }
}

/** PUBREC has been sent for it: its client will not send it again. */
function isReceived({ outgoing, state, packetId }: MosquittoDelivery): boolean {
  return (
    !outgoing &&
    packetId > 0 &&
    (state === MessageState.WaitForPubrel || state === MessageState.ResendPubcomp)
  );
}

function identifiersOf({ subscriptionIdentifier }: MosquittoDelivery): {
  readonly subscriptionIdentifiers?: readonly number[];
} {
  return subscriptionIdentifier > 0 ? { subscriptionIdentifiers: [subscriptionIdentifier] } : {};
}

function isFilter(topicFilter: string): boolean {
  if (isSharedFilter(topicFilter)) return typeof parseSharedFilter(topicFilter, MOST_LEVELS) === 'object';
  return checkTopicFilter(topicFilter, MOST_LEVELS) === null;
}

function byClient<Of extends { readonly clientId: string }>(
  all: readonly Of[],
): ReadonlyMap<string, readonly Of[]> {
  const found = new Map<string, Of[]>();
  for (const one of all) {
    const list = found.get(one.clientId);
    if (list === undefined) found.set(one.clientId, [one]);
    else list.push(one);
  }
  return found;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
