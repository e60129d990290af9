/** What a store holds as lines of an export. The way back is in `import-lines.ts`. */
import type {
  SessionRecord,
  ShareOwner,
  StoredMessage,
  SubscriptionRecord,
  WillRecord,
} from '../../../../core/ports/store.ts';
import type { QueueEntry } from '../state/entry-rows.ts';
import type { OwnerState } from '../state/owner-state.ts';
import { contentFields } from './content-fields.ts';
import type {
  InFlightLine,
  MessageLine,
  QueuedLine,
  SessionLine,
  ShareFields,
  SubscriptionLine,
  WillFields,
} from './export-lines.ts';
import { STATE_NAMES } from './export-lines.ts';

/** Session Expiry Interval of a session that never expires. */
export const NEVER_SECONDS = 0xffff_ffff;

export function sessionLine(session: SessionRecord): SessionLine {
  const { clientId, sessionExpiryInterval, disconnectedAtWallMs, will } = session;
  return {
    type: 'session',
    clientId,
    sessionExpiryInterval: sessionExpiryInterval === NEVER_SECONDS ? 'never' : sessionExpiryInterval,
    ...(disconnectedAtWallMs !== undefined && { disconnectedAt: isoTime(disconnectedAtWallMs) }),
    ...(will !== undefined && { will: willFields(will) }),
  };
}

function willFields(will: WillRecord): WillFields {
  const { topicName, payload, qos, retain, properties, messageExpiryInterval, willDelayInterval } = will;
  return {
    topicName,
    qos,
    retain,
    ...(messageExpiryInterval !== undefined && { messageExpiryInterval }),
    willDelayInterval,
    ...contentFields(payload, properties),
  };
}

export function subscriptionLine(clientId: string, subscription: SubscriptionRecord): SubscriptionLine {
  const { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } =
    subscription;
  return {
    type: 'subscription',
    clientId,
    topicFilter,
    qos,
    noLocal,
    retainAsPublished,
    retainHandling,
    ...(subscriptionIdentifier !== 0 && { subscriptionIdentifier }),
  };
}

export function messageLine(number: number, message: StoredMessage): MessageLine {
  const { topicName, payload, qos, retain, properties, expiresAtWallMs } = message;
  return {
    type: 'message',
    message: number,
    topicName,
    qos,
    retain,
    ...(expiresAtWallMs !== Number.POSITIVE_INFINITY && { expiresAt: isoTime(expiresAtWallMs) }),
    ...contentFields(payload, properties),
  };
}

export function entryLine(owner: OwnerState, entry: QueueEntry, message: number): QueuedLine | InFlightLine {
  const { qos, retain, subscriptionIdentifiers, share } = entry;
  const fields = {
    message,
    qos,
    retain,
    ...(subscriptionIdentifiers.length > 0 && { subscriptionIdentifiers }),
    ...(share !== null && { share: shareFields(share) }),
  };
  if (owner.session === null) return { type: 'queued', group: shareFields(owner.share!), ...fields };
  const { clientId } = owner.session;
  if (!entry.isInFlight) return { type: 'queued', clientId, ...fields };
  const { packetId, state } = entry;
  return { type: 'in-flight', clientId, packetId, state: STATE_NAMES[state], ...fields };
}

function shareFields({ shareName, topicFilter }: ShareOwner): ShareFields {
  return { shareName, topicFilter };
}

/** The stored times are within what a `Date` can say. */
function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
