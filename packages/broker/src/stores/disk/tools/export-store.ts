import type { Writable } from 'node:stream';
import { StoreOpenError } from '../files/store-open-error.ts';
import type { ExportCounts, ExportLine } from './export/export-lines.ts';
import { EXPORT_FORMAT, EXPORT_VERSION, noCounts } from './export/export-lines.ts';
import { entryLine, messageLine, sessionLine, subscriptionLine } from './export/line-forms.ts';
import { LineWriter } from './export/line-writer.ts';
import type { Finding, FindingCode } from './finding.ts';
import { Findings, ownerMissingText } from './finding.ts';
import type { OwnerState } from './state/owner-state.ts';
import { figuresOf } from './state-figures.ts';
import type { StoreSource } from './store-snapshot.ts';
import { MessageDamagedError, StoreSnapshot } from './store-snapshot.ts';

export interface ExportOptions {
  /** Export what can be read of a damaged store, and list what cannot. @default false */
  readonly salvage?: boolean;
  /** What is being done, and how far it is. `total` may be 0. */
  readonly onProgress?: (phase: 'log' | 'messages' | 'queues', done: number, total: number) => void;
}

export interface ExportResult {
  readonly counts: Readonly<ExportCounts>;
  /** What a salvage could not read: the first thousand. */
  readonly findings: readonly Finding[];
}

/**
 * Writes all that a store holds as text: one JSON object a line, described in `docs/store-format.md`. The store may be in
 * use; nothing is written to it. Memory is taken by what there is and where, not by payloads.
 *
 * @param target is not ended; a slow one is waited for
 * @throws {StoreOpenError} for a damaged store, unless `salvage` is set
 * @throws {StoreToolError} `store-missing`, `store-too-busy`
 *
 * @example
 * await exportStore('/var/lib/martlet', createWriteStream('martlet.ndjson'));
 */
export async function exportStore(
  source: StoreSource,
  target: Writable,
  options: ExportOptions = {},
): Promise<ExportResult> {
  const { salvage = false, onProgress } = options;
  const findings = salvage ? new Findings() : undefined;
  const snapshot = await StoreSnapshot.open(source, {
    verifiesData: salvage ? 'never' : 'after-unclean-stop',
    ...(findings && { findings }),
    onProgress: onProgress && ((done, total) => onProgress('log', done, total)),
  });
  try {
    return await new StoreExport(snapshot, target, findings, onProgress).run();
  } finally {
    await snapshot.close();
  }
}

class StoreExport {
  readonly #snapshot: StoreSnapshot;
  readonly #writer: LineWriter;
  readonly #findings: Findings | undefined;
  readonly #onProgress: ExportOptions['onProgress'];
  readonly #counts: ExportCounts;
  /** The number that a message has in the export, by its row; 0 if it is not in it. */
  readonly #numbers: Uint32Array;

  constructor(
    snapshot: StoreSnapshot,
    target: Writable,
    findings: Findings | undefined,
    onProgress: ExportOptions['onProgress'],
  ) {
    this.#snapshot = snapshot;
    this.#writer = new LineWriter(target);
    this.#findings = findings;
    this.#onProgress = onProgress;
    this.#counts = noCounts();
    this.#numbers = new Uint32Array(snapshot.state.messages.size);
  }

  async run(): Promise<ExportResult> {
    const { messages } = figuresOf(this.#snapshot.state);
    // Sessions first: groups have no line of their own, so that an import meets them in their queues.
    const inOrder = this.#snapshot.state.ownersInOrder();
    const sessions = inOrder.filter(({ session }) => session !== null);
    const owners = [...sessions, ...inOrder.filter(({ session }) => session === null)];
    const head = { format: EXPORT_FORMAT, version: EXPORT_VERSION } as const;
    await this.#put(this.#findings === undefined ? head : { ...head, salvaged: true });
    for (const owner of owners) await this.#owner(owner);
    for (const owner of this.#snapshot.state.ownersWithoutRecord()) {
      this.#damage('owner-missing', '', 0, ownerMissingText(owner));
    }
    await this.#messages(messages);
    await this.#retained();
    for (let i = 0; i < owners.length; i++) {
      await this.#queue(owners[i]!);
      if (i % 1000 === 0) this.#onProgress?.('queues', i, owners.length);
    }
    this.#onProgress?.('queues', owners.length, owners.length);
    await this.#lost();
    await this.#put({ type: 'end', ...this.#counts });
    await this.#writer.flush();
    return { counts: this.#counts, findings: this.#findings?.list ?? [] };
  }

  async #put(line: ExportLine): Promise<void> {
    this.#writer.add(line);
    if (this.#writer.isFull) await this.#writer.flush();
  }

  async #owner({ session, subscriptions, received }: OwnerState): Promise<void> {
    if (session === null) return;
    await this.#put(sessionLine(session));
    this.#counts.sessions++;
    for (const subscription of subscriptions?.values() ?? []) {
      await this.#put(subscriptionLine(session.clientId, subscription));
      this.#counts.subscriptions++;
    }
    if (received !== null && received.size > 0) {
      await this.#put({ type: 'received', clientId: session.clientId, packetIds: [...received] });
      this.#counts.receivedPacketIds += received.size;
    }
  }

  async #messages(total: number): Promise<void> {
    const { messages } = this.#snapshot.state;
    const counts = this.#counts;
    for (const row of messages.rowsInOrder()) {
      if (messages.references(row) === 0) continue;
      const place = messages.place(row);
      try {
        const message = await this.#snapshot.readMessage(place);
        await this.#put(messageLine(counts.messages + 1, message));
        this.#numbers[row] = ++counts.messages;
      } catch (error) {
        if (!(error instanceof MessageDamagedError)) throw error;
        this.#damage('message-damaged', error.file, error.offset, error.message);
      }
      if (counts.messages % 1000 === 0) this.#onProgress?.('messages', counts.messages, total);
    }
    this.#onProgress?.('messages', counts.messages, total);
  }

  async #retained(): Promise<void> {
    for (const [topicName, messageId] of this.#snapshot.state.retainedIds) {
      const number = this.#numberOf(messageId, `what was retained for "${topicName}"`);
      if (number === 0) continue;
      await this.#put({ type: 'retained', topicName, message: number });
      this.#counts.retained++;
    }
  }

  async #queue(owner: OwnerState): Promise<void> {
    if (owner.head === 0) return;
    for (const entry of this.#snapshot.state.entriesOf(owner)) {
      const number = this.#numberOf(entry.messageId, `a message of ${owner.text}`);
      if (number === 0) continue;
      await this.#put(entryLine(owner, entry, number));
      if (entry.isInFlight) this.#counts.inFlight++;
      else this.#counts.queued++;
    }
  }

  /** 0 if it could not be read. */
  #numberOf(messageId: number, what: string): number {
    const row = this.#snapshot.state.messages.find(messageId);
    const number = row < 0 ? 0 : this.#numbers[row]!;
    if (number === 0) {
      const text = `${what} is lost: expected message ${messageId}, it is not there or not readable`;
      this.#damage('message-missing', '', 0, text);
    }
    return number;
  }

  /** Only a salvage goes on. */
  #damage(code: FindingCode, file: string, offset: number, text: string): void {
    if (this.#findings === undefined) throw StoreOpenError.damaged({ file: file || 'the log', offset, text });
    this.#findings.damage(code, file, offset, text);
  }

  async #lost(): Promise<void> {
    if (this.#findings === undefined) return;
    for (const { code, file, offset, text } of this.#findings.list) {
      await this.#put({ type: 'lost', code, file, offset, text });
    }
    this.#counts.lost = this.#findings.damageCount;
  }
}
