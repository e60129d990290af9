import type { StoreState } from './state/store-state.ts';
import type { StateFigures } from './state-figures.ts';

/**
 * The figures of a damaged store without what cannot be read, as a salvage has them: entries and retained messages whose
 * message is lost, and what belongs to nobody known.
 * @param unreadable Rows of the messages that are there and cannot be read.
 */
export function readableFigures(
  figures: StateFigures,
  state: StoreState,
  unreadable: ReadonlySet<number>,
): StateFigures {
  const readable: StateFigures = { ...figures, retained: 0, queued: 0, inFlight: 0 };
  const { entries, messages } = state;
  const isReadable = (messageId: number): boolean => {
    const row = messages.find(messageId);
    return row >= 0 && !unreadable.has(row);
  };
  for (const owner of state.ownersInOrder()) {
    for (let at = owner.head; at !== 0; at = entries.next(at - 1)) {
      if (!isReadable(entries.messageIdOf(at - 1))) continue;
      if (entries.isInFlight(at - 1)) readable.inFlight++;
      else readable.queued++;
    }
  }
  for (const [, messageId] of state.retainedIds) {
    if (isReadable(messageId)) readable.retained++;
  }
  for (const row of unreadable) {
    readable.messages--;
    readable.payloadBytes -= messages.payloadLengthOf(row);
  }
  return readable;
}
