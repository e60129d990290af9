import type { QueueOwner } from '../../../../src/core/ports/store.ts';
import type { Delivery } from '../../../../src/core/publish/delivery.ts';
import type { Message } from '../../../../src/core/publish/message.ts';
import type { DiskStore } from '../../../../src/stores/disk/disk-store.ts';
import { contentFields } from '../../../../src/stores/disk/tools/export/content-fields.ts';
import { STATE_NAMES } from '../../../../src/stores/disk/tools/export/export-lines.ts';
import { sessionLine, subscriptionLine } from '../../../../src/stores/disk/tools/export/line-forms.ts';
import { LoadedStore } from '../../contract/loaded-store.ts';
import { linesOf } from './exported.ts';

/** What there is, as texts; those of one queue are in its order. */
export interface Contents {
  /** Sessions, subscriptions, received identifiers and what is retained; sorted. */
  readonly things: string[];
  /** In flight, then waiting, by owner. */
  readonly queues: Record<string, string[]>;
}

/** What an export says. */
export function contentsOfExport(text: string): Contents {
  const things: string[] = [];
  const queues: Record<string, string[]> = {};
  const messages = new Map<unknown, unknown>();
  for (const { type, ...line } of linesOf(text)) {
    const { message, clientId, group, ...rest } = line;
    if (type === 'message') {
      messages.set(message, rest);
    } else if (type === 'session' || type === 'subscription') {
      things.push(JSON.stringify({ type, ...line }));
    } else if (type === 'received') {
      const packetIds = line['packetIds'] as number[];
      things.push(...packetIds.map((packetId) => `${String(clientId)} received ${packetId}`));
    } else if (type === 'retained') {
      things.push(`${String(line['topicName'])} ${JSON.stringify(messages.get(message))}`);
    } else if (type === 'queued' || type === 'in-flight') {
      const owner = clientId === undefined ? JSON.stringify(group) : String(clientId);
      queues[owner] ??= [];
      queues[owner].push(`${JSON.stringify(rest)} ${JSON.stringify(messages.get(message))}`);
    }
  }
  return { things: things.sort(), queues };
}

/** What a broker would find in the store, which is emptied by this. */
export function contentsOfStore(store: DiskStore): Contents {
  const loaded = new LoadedStore(store, 0);
  const things = [...loaded.sessions.values()].map((session) => JSON.stringify(sessionLine(session)));
  for (const [clientId, subscription] of loaded.subscriptions) {
    things.push(JSON.stringify(subscriptionLine(clientId, subscription)));
  }
  for (const [clientId, packetId] of loaded.received) things.push(`${clientId} received ${packetId}`);
  for (const [topicName, { message }] of loaded.retained) {
    things.push(`${topicName} ${JSON.stringify(messageFields(message))}`);
  }
  const queues = Object.fromEntries(loaded.owners.map((owner) => [ownerText(owner), queueOf(loaded, owner)]));
  return { things: things.sort(), queues };
}

function queueOf(loaded: LoadedStore, owner: QueueOwner): string[] {
  const queue = loaded.queue(owner);
  const deliveries = queue.takeInFlight();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) deliveries.push(next);
  return deliveries.map((delivery) => deliveryText(delivery, owner));
}

function deliveryText(delivery: Delivery, owner: QueueOwner): string {
  const { packetId, state, qos, retain, subscriptionIdentifiers, message } = delivery;
  // In a group's own queue it goes without saying.
  const share = owner.kind === 'share' ? null : delivery.share;
  const fields = {
    ...(packetId !== 0 && { packetId, state: STATE_NAMES[state] }),
    qos,
    retain,
    ...(subscriptionIdentifiers.length > 0 && { subscriptionIdentifiers }),
    ...(share !== null && { share: { shareName: share.shareName, topicFilter: share.topicFilter } }),
  };
  return `${JSON.stringify(fields)} ${JSON.stringify(messageFields(message))}`;
}

function messageFields({ topic, qos, retain, expiresAtMs, payload, properties }: Message): unknown {
  return {
    topicName: topic.name,
    qos,
    retain,
    ...(expiresAtMs !== Number.POSITIVE_INFINITY && { expiresAt: new Date(expiresAtMs).toISOString() }),
    ...contentFields(payload, properties),
  };
}

function ownerText(owner: QueueOwner): string {
  if (owner.kind === 'session') return owner.clientId;
  return JSON.stringify({ shareName: owner.shareName, topicFilter: owner.topicFilter });
}
