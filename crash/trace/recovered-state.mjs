/** What a broker would know if it started on an image of the disk: the broker's own recovery reads it. */
import { StoreSnapshot } from '../../packages/broker/dist/stores/disk/tools/store-snapshot.js';
import { ImageFiles } from './image-files.mjs';

/**
 * @typedef {object} RecoveredSession
 * @property {ReadonlySet<string>} topicFilters
 * @property {ReadonlySet<number>} received Packet identifiers of QoS 2 messages taken from it and not released.
 * @property {ReadonlySet<string>} payloads What waits for it or is in flight to it.
 * @property {ReadonlyMap<number, number>} inFlight States by packet identifier.
 */

/**
 * @param {ReadonlyMap<string, Buffer>} image
 * @returns {Promise<ReadonlyMap<string, RecoveredSession>>} by client identifier
 */
export async function recoveredSessions(image) {
  if (image.size === 0) return new Map();
  const snapshot = await StoreSnapshot.open(new ImageFiles(image), { verifiesData: 'always' });
  const { state } = snapshot;
  /** @type {Map<string, RecoveredSession>} */
  const sessions = new Map();
  for (const owner of state.ownersInOrder()) {
    if (owner.session === null) continue;
    const payloads = new Set();
    const inFlight = new Map();
    for (const entry of state.entriesOf(owner)) {
      const row = state.messages.find(entry.messageId);
      if (row < 0) throw new Error(`a queue names message ${entry.messageId}, which is not there`);
      const { payload } = await snapshot.readMessage(state.messages.place(row));
      payloads.add(Buffer.from(payload).toString());
      if (entry.isInFlight) inFlight.set(entry.packetId, entry.state);
    }
    sessions.set(owner.session.clientId, {
      topicFilters: new Set(owner.subscriptions?.keys()),
      received: new Set(owner.received),
      payloads,
      inFlight,
    });
  }
  await snapshot.close();
  return sessions;
}
