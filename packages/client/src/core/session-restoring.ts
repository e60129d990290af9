/** Takes a session in from the records of its store. */
import type { Incoming } from './incoming/incoming.ts';
import type { Keeper } from './keeper.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import { ClientError } from './ports/client-error.ts';
import type { KeptSession, MakeMessage } from './session-records.ts';
import { readSessionRecord, sessionRecords } from './session-records.ts';

const MAXIMUM_PACKET_ID = 65_535;

interface SessionParts {
  readonly keeper: Keeper;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
}

/**
 * Where the store is new, a session begins.
 * @param records in the order of keys
 * @throws {ClientError} STORE_FAILED for a damaged record; INVALID_OPTION for the session of another client
 */
export function restoreSession(
  records: Iterable<{ readonly key: number; readonly value: Uint8Array }>,
  clientId: string,
  { keeper, incoming, outgoing }: SessionParts,
  make: MakeMessage,
): void {
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
    outgoing.restore(messages, sessionRecords, make);
    for (const packetId of received) incoming.restore(packetId);
    if (session === undefined) keeper.keepSession(clientId, false);
    else keeper.isEstablished = session.isEstablished;
  } catch (error) {
    throw error instanceof ClientError ? error : damaged(error as Error);
  }
}

function damaged(cause: Error): ClientError {
  const text = `expected a whole session in the store, got a damaged one: ${cause.message}`;
  return new ClientError('STORE_FAILED', text, cause);
}
