/** Takes a session in from the records of its store. */
import { DeliveryState, NO_PROPERTIES } from '@martlet/protocol';
import type { Incoming } from './incoming/incoming.ts';
import type { Keeper } from './keeper.ts';
import { MessageRecords } from './outgoing/message-records.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import type { OutgoingMessage } from './outgoing/outgoing-message.ts';
import { Place } from './outgoing/outgoing-message.ts';
import { ClientError } from './ports/client-error.ts';
import type { KeptSession, MakeMessage } from './session-records.ts';
import { RecordKind, readMessageRecord, readPacketIdRecord, readSessionRecord } from './session-records.ts';
import { StagedChanges } from './staged-changes.ts';

const MAXIMUM_PACKET_ID = 65_535;

interface SessionParts {
  readonly keeper: Keeper;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
}

/**
 * Where the store is new, a session begins. What was published before the store was open comes behind what it kept. From
 * now on changes are staged. Returns whether a server has had the session, and may have it still.
 * @param records in the order of keys
 * @throws {ClientError} STORE_FAILED for a damaged record; INVALID_OPTION for the session of another client
 */
export function restoreSession(
  records: Iterable<{ readonly key: number; readonly value: Uint8Array }>,
  clientId: string,
  { keeper, incoming, outgoing }: SessionParts,
  make: MakeMessage,
): boolean {
  const changes = new StagedChanges();
  const kept = new MessageRecords(keeper, changes, outgoing.owner);
  const received: number[] = [];
  const messages: [key: number, record: Uint8Array][] = [];
  let session: KeptSession | undefined;
  try {
    for (const { key, value } of records) {
      if (key === 0) session = readSessionRecord(value);
      else if (key > 0) messages.push([key, value]);
      else if (value.length === 0 && key >= -MAXIMUM_PACKET_ID) received.push(-key);
      else throw new RangeError(`expected a packet identifier, got ${-key}`);
    }
    if (session === undefined && received.length + messages.length > 0) {
      throw new RangeError('expected the client identifier with the messages, got none');
    }
    if (session !== undefined && session.clientId !== clientId) {
      throw new ClientError(
        'INVALID_OPTION',
        `clientId: expected ${JSON.stringify(session.clientId)}, whose session the store keeps, got ${JSON.stringify(clientId)}`,
      );
    }
    const newer = restoreMessages(messages, outgoing, kept, make);
    for (const packetId of received) incoming.restore(packetId);
    keeper.changes = changes;
    outgoing.records = kept;
    for (const message of newer) kept.keep(message);
    if (session === undefined) kept.keepSession(clientId, false);
    else kept.isEstablished = session.isEstablished;
    return kept.isEstablished;
  } catch (error) {
    throw error instanceof ClientError ? error : damaged(error as Error);
  }
}

/** Returns what was published before. @throws {RangeError | RemoteError} when a record is damaged */
function restoreMessages(
  messages: readonly (readonly [key: number, record: Uint8Array])[],
  outgoing: Outgoing,
  records: MessageRecords,
  make: MakeMessage,
): readonly OutgoingMessage[] {
  const { queue } = outgoing;
  const newer: OutgoingMessage[] = [];
  for (let message = queue.first; message !== null; message = queue.first) {
    queue.remove(message);
    newer.push(message);
  }
  try {
    for (const [key, record] of messages) restoreMessage(key, record, outgoing, records, make);
  } finally {
    for (const message of newer) queue.push(message);
  }
  return newer;
}

function restoreMessage(
  key: number,
  record: Uint8Array,
  { queue, inFlight }: Outgoing,
  records: MessageRecords,
  make: MakeMessage,
): void {
  records.nextKey = key + 1;
  const only = readPacketIdRecord(record);
  const message =
    only === undefined
      ? readMessageRecord(record, records.aheadMs, make)
      : make('', new Uint8Array(0), 2, false, NO_PROPERTIES, Number.POSITIVE_INFINITY);
  message.key = key;
  if (only !== undefined) message.packetId = only.packetId;
  const { packetId } = message;
  const table = inFlight.sender.inFlight;
  if (table.stateOf(packetId) !== 0) {
    throw new RangeError(`expected packet identifier ${packetId} once, got it again`);
  }
  if (packetId === 0) queue.push(message);
  else if (only?.kind === RecordKind.Reserved) inFlight.reserve(packetId, key);
  else {
    message.place = Place.InFlight;
    message.wasWritten = true;
    inFlight.size++;
    inFlight.bytes += message.bytes;
    const published = message.qos === 1 ? DeliveryState.AwaitingPuback : DeliveryState.AwaitingPubrec;
    table.insert(packetId, only === undefined ? published : DeliveryState.AwaitingPubcomp, message);
  }
}

function damaged(cause: Error): ClientError {
  const text = `expected a whole session in the store, got a damaged one: ${cause.message}`;
  return new ClientError('STORE_FAILED', text, cause);
}
