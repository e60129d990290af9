import type { Finding } from './finding.ts';
import { Findings, ownerMissingText } from './finding.ts';
import { readableFigures } from './readable-figures.ts';
import type { StateFigures } from './state-figures.ts';
import { figuresOf } from './state-figures.ts';
import type { StoreSource } from './store-snapshot.ts';
import { MessageDamagedError, StoreSnapshot } from './store-snapshot.ts';

export interface CheckOptions {
  /** What is being read, and how far it is. `total` may be 0. */
  readonly onProgress?: (phase: 'log' | 'messages', done: number, total: number) => void;
}

export interface CheckResult {
  /** Nothing that was kept is missing or changed. */
  readonly isSound: boolean;
  /** The first thousand; notes about a crash that did no harm are among them. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  readonly damageCount: number;
  readonly files: number;
  readonly fileBytes: number;
  readonly batches: number;
  /** The last thing that happened to it was a clean stop. */
  readonly isClean: boolean;
  /** Of what can be read: what a salvage would export. */
  readonly figures: StateFigures;
}

/**
 * Reads all of a store and holds it against its checksums: every batch, every message that is waited for, and whether
 * every reference leads somewhere. It may be in use; nothing is written.
 *
 * @throws {StoreOpenError} only for a newer format, or when files cannot be read at all
 * @throws {StoreToolError} `store-missing`, `store-too-busy`
 *
 * @example
 * const { isSound, findings } = await checkStore('/var/lib/martlet');
 */
export async function checkStore(source: StoreSource, options: CheckOptions = {}): Promise<CheckResult> {
  const { onProgress } = options;
  const findings = new Findings();
  const snapshot = await StoreSnapshot.open(source, {
    verifiesData: 'always',
    findings,
    onProgress: onProgress && ((done, total) => onProgress('log', done, total)),
  });
  try {
    noteCrash(snapshot, findings);
    const figures = await checkState(snapshot, findings, onProgress);
    const { segments, isClean } = snapshot.log;
    return {
      isSound: findings.damageCount === 0,
      findings: findings.list,
      findingCount: findings.count,
      damageCount: findings.damageCount,
      files: segments.length,
      fileBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      batches: snapshot.batchCount,
      isClean,
      figures,
    };
  } finally {
    await snapshot.close();
  }
}

/**
 * Of what is kept, and not how. A batch is passed over where its messages are read and one of them is bad; so behind
 * damage the state is read anew without them, as a salvage reads it.
 */
async function checkState(
  whole: StoreSnapshot,
  findings: Findings,
  onProgress: CheckOptions['onProgress'],
): Promise<StateFigures> {
  const isDamaged = findings.damageCount > 0;
  const snapshot = isDamaged
    ? await StoreSnapshot.open(whole.files, { verifiesData: 'never', findings: new Findings() })
    : whole;
  try {
    const figures = figuresOf(snapshot.state);
    checkReferences(snapshot, findings);
    const unreadable = await checkMessages(snapshot, findings, figures.messages, onProgress);
    return findings.damageCount === 0 ? figures : readableFigures(figures, snapshot.state, unreadable);
  } finally {
    if (snapshot !== whole) await snapshot.close();
  }
}

function noteCrash({ log }: StoreSnapshot, findings: Findings): void {
  if (log.tornTail !== undefined) {
    const { file, offset, bytes } = log.tornTail;
    const text = `${bytes} bytes of a write that was not finished; nothing in them was acknowledged`;
    findings.note('torn-tail', file, offset, text);
  }
  if (log.unfinished !== undefined) {
    findings.note('unfinished-file', log.unfinished, 0, 'a file that was being made; nothing is in it alone');
  }
}

function checkReferences({ state }: StoreSnapshot, findings: Findings): void {
  for (const owner of state.ownersWithoutRecord()) {
    findings.damage('owner-missing', '', 0, ownerMissingText(owner));
  }
  for (const owner of state.owners.values()) {
    const packetIds = new Set<number>();
    for (let at = owner.head; at !== 0; at = state.entries.next(at - 1)) {
      const { messageId, isInFlight, packetId } = state.entries.entry(at - 1);
      if (state.messages.find(messageId) < 0) {
        findings.damage(
          'message-missing',
          '',
          0,
          `expected message ${messageId} of ${owner.text}, it is not there`,
        );
      }
      if (isInFlight && packetIds.has(packetId)) {
        const text = `expected packet identifier ${packetId} of ${owner.text} once, it is in flight twice`;
        findings.damage('packet-id-twice', '', 0, text);
      }
      if (isInFlight) packetIds.add(packetId);
    }
  }
  for (const [topicName, messageId] of state.retainedIds) {
    if (state.messages.find(messageId) >= 0) continue;
    const text = `expected message ${messageId}, retained for "${topicName}", it is not there`;
    findings.damage('message-missing', '', 0, text);
  }
}

/** Fulfils with the rows of those that cannot be read. */
async function checkMessages(
  snapshot: StoreSnapshot,
  findings: Findings,
  total: number,
  onProgress: CheckOptions['onProgress'],
): Promise<ReadonlySet<number>> {
  const { messages } = snapshot.state;
  const unreadable = new Set<number>();
  let done = 0;
  for (const row of messages.rowsInOrder()) {
    if (messages.references(row) === 0) continue;
    const place = messages.place(row);
    try {
      const { payload } = await snapshot.readMessage(place);
      if (payload.length !== place.payloadLength) {
        const text = `expected a payload of ${place.payloadLength} bytes, found ${payload.length}`;
        throw new MessageDamagedError(text, { place });
      }
    } catch (error) {
      if (!(error instanceof MessageDamagedError)) throw error;
      findings.damage('message-damaged', error.file, error.offset, error.message);
      unreadable.add(row);
    }
    done++;
    if (done % 1000 === 0 || done === total) onProgress?.('messages', done, total);
  }
  return unreadable;
}
