import type { StoreVisitor } from '../../core/ports/store.ts';
import type { QueueReader } from './reading/queue-reader.ts';
import type { ReplayedSession } from './state/replayed-session.ts';
import type { StoredState } from './state/stored-state.ts';

/**
 * Shows the core what was kept, and lets go of what only the core needs from then on. Of messages only the retained ones are
 * read; those in queues wait until their queue is read.
 *
 * A retained message that cannot be read is lost, which is told: it does not keep a broker from starting.
 *
 * @param sessions by owner; emptied
 */
export function showState(
  state: StoredState,
  sessions: (ReplayedSession | null)[],
  reader: QueueReader,
  visitor: StoreVisitor,
): void {
  const { owners } = state.owners;
  const { end } = owners;
  for (let owner = 1; owner < end; owner++) {
    const session = sessions[owner] ?? null;
    if (session === null) continue;
    sessions[owner] = null;
    showSession(session, visitor, owners.entriesOf(owner) > 0);
  }
  sessions.length = 0;
  for (let owner = 1; owner < end; owner++) {
    const name = owners.nameOf(owner);
    if (name !== null && typeof name !== 'string' && owners.entriesOf(owner) > 0) visitor.onQueue(name);
  }
  for (const [topicName, entry] of state.retained.entries) {
    const message = reader.readNow(0, entry.number);
    entry.message = message;
    if (message === null) state.retained.delete(topicName);
    else visitor.onRetained(message, state.messages.expiresAtWallMs(entry.number));
  }
}

function showSession(session: ReplayedSession, visitor: StoreVisitor, hasQueue: boolean): void {
  const { record } = session;
  if (record === null) return;
  const { clientId } = record;
  visitor.onSession(record);
  for (const subscription of session.subscriptions) visitor.onSubscription(clientId, subscription);
  for (const packetId of session.received) visitor.onReceived(clientId, packetId);
  if (hasQueue) visitor.onQueue({ kind: 'session', clientId });
}
