/**
 * The records of messages to the server in the session's store: which message has which key, and who is to be told when
 * its record is safe. Keys ascend in the order in which the messages were given, which is the order in which they are
 * sent. A client without a store has none, and everything is safe.
 */
import type { Keeper } from '../keeper.ts';
import { messageRecord, packetIdRecord, RecordKind, sessionRecord } from '../session-records.ts';
import type { StagedChanges } from '../staged-changes.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Place } from './outgoing-message.ts';

export interface Clocks {
  /** Only grows. */
  nowMs(): number;
  wallMs(): number;
}

export class MessageRecords {
  /** No record has this key, nor one above it. */
  nextKey = 1;
  /** Whether a server has had the session, and may have it still. */
  isEstablished = false;
  readonly #keeper: Keeper;
  readonly #changes: StagedChanges;
  readonly #clocks: Clocks;
  /** Messages whose first record is on its way to the store; in order. */
  readonly #storing: Set<OutgoingMessage> = new Set();
  /** To be written to the connection as soon as their records are safe; in order. */
  readonly #heldBack: Set<OutgoingMessage> = new Set();

  constructor(keeper: Keeper, changes: StagedChanges, clocks: Clocks) {
    this.#keeper = keeper;
    this.#changes = changes;
    this.#clocks = clocks;
  }

  /** What the wall clock is ahead of the one that only grows, in milliseconds. */
  get aheadMs(): number {
    return this.#clocks.wallMs() - this.#clocks.nowMs();
  }

  /** Keeps whose session it is, where that has changed. */
  keepSession(clientId: string, isEstablished: boolean): void {
    if (isEstablished && this.isEstablished) return;
    this.isEstablished = isEstablished;
    this.#keeper.keep(0, sessionRecord({ clientId, isEstablished }));
  }

  isSafe(message: OutgoingMessage): boolean {
    return this.#keeper.isSafe(message.revision);
  }

  /** Whether a message is to be written only when its record, and that of those before it, is safe: by `onSafe`. */
  holdsBack(message: OutgoingMessage): boolean {
    if (this.#heldBack.size === 0 && this.isSafe(message)) return false;
    this.#heldBack.add(message);
    return true;
  }

  offline(): void {
    this.#heldBack.clear();
  }

  /** Keeps a message of QoS 1 or 2 as it is now. */
  keep(message: OutgoingMessage): void {
    if (message.qos === 0) return;
    const record = messageRecord(message, this.aheadMs);
    if (message.key <= 0) {
      message.key = this.nextKey++;
      this.#changes.begin(message.key);
      this.#storing.add(message);
    }
    message.revision = this.#keeper.keep(message.key, record);
  }

  /** PUBREC has come: only the packet identifier is kept, and PUBREL waits for that. */
  keepReleased(message: OutgoingMessage): void {
    if (message.key > 0) message.revision = this.#keepPacketId(message, RecordKind.Released);
  }

  /** The message is over, and its packet identifier is not given to another one. */
  keepReserved(message: OutgoingMessage): void {
    this.#heldBack.delete(message);
    if (message.key > 0) this.#keepPacketId(message, RecordKind.Reserved);
  }

  /** Of a message that has a record already. */
  #keepPacketId({ key, packetId }: OutgoingMessage, kind: RecordKind): number {
    return this.#keeper.keep(key, packetIdRecord(packetId, kind));
  }

  unkeep(message: OutgoingMessage): void {
    this.unkeepKey(message.key);
    this.#storing.delete(message);
    this.#heldBack.delete(message);
    message.key = 0;
  }

  unkeepKey(key: number): void {
    if (key > 0) this.#keeper.keep(key, null);
  }

  /** More of what was staged is safe. @param write writes a message to the connection */
  onSafe(write: (message: OutgoingMessage) => void): void {
    for (const message of this.#storing) {
      const isOver = message.place === Place.None;
      if (!isOver && !this.isSafe(message)) break;
      this.#storing.delete(message);
      if (!isOver) message.onStored();
    }
    for (const message of this.#heldBack) {
      if (!this.isSafe(message)) break;
      this.#heldBack.delete(message);
      write(message);
    }
  }
}
