/**
 * The records of messages to the server in the session's store: which message has which key, and who is to be told when
 * its record is safe. Keys ascend in the order in which the messages were given, which is the order in which they are
 * sent. Where there is no store nothing has a record, and everything is safe.
 */
import type { Keeper } from '../keeper.ts';
import type { SessionRecords } from '../session-records.ts';
import { RecordKind } from '../session-records.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Place } from './outgoing-message.ts';

/** Of a message that was given before the store was open. */
const KEY_TO_COME = -1;

export interface Clocks {
  /** Only grows. */
  nowMs(): number;
  wallMs(): number;
}

export class MessageRecords {
  /** No record has this key, nor one above it. */
  nextKey = 1;
  readonly #keeper: Keeper;
  readonly #clocks: Clocks;
  /** Messages whose first record is on its way to the store; in order. */
  readonly #storing: Set<OutgoingMessage> = new Set();

  constructor(keeper: Keeper, clocks: Clocks) {
    this.#keeper = keeper;
    this.#clocks = clocks;
  }

  /** What the wall clock is ahead of the one that only grows, in milliseconds. */
  get aheadMs(): number {
    return this.#clocks.wallMs() - this.#clocks.nowMs();
  }

  /** The store is open, and `nextKey` is free: from now on records are kept. */
  open(records: SessionRecords): void {
    this.#keeper.records = records;
  }

  isSafe(message: OutgoingMessage): boolean {
    return this.#keeper.isSafe(message.revision);
  }

  /** Keeps a message of QoS 1 or 2 as it is now. */
  keep(message: OutgoingMessage): void {
    if (!this.#keeper.keeps || message.qos === 0) return;
    const { records } = this.#keeper;
    if (records === null) {
      message.key = KEY_TO_COME;
      return;
    }
    const record = records.messageRecord(message, this.aheadMs);
    if (message.key > 0) {
      message.revision = this.#keeper.keep(message.key, record);
      return;
    }
    message.key = this.nextKey++;
    message.revision = this.#keeper.add(message.key, record);
    this.#storing.add(message);
  }

  /** PUBREC has come: only the packet identifier is kept, and PUBREL waits for that. */
  keepReleased(message: OutgoingMessage): void {
    if (message.key > 0) message.revision = this.#keepPacketId(message, RecordKind.Released);
  }

  /** The message is over, and its packet identifier is not given to another one. Returns the key of the record. */
  keepReserved(message: OutgoingMessage): number {
    if (message.key > 0) this.#keepPacketId(message, RecordKind.Reserved);
    return message.key;
  }

  /** Of a message that has a record already. */
  #keepPacketId({ key, packetId }: OutgoingMessage, kind: RecordKind): number {
    return this.#keeper.keep(key, this.#keeper.records!.packetIdRecord(packetId, kind));
  }

  unkeep(message: OutgoingMessage): void {
    if (message.key > 0) {
      this.unkeepKey(message.key);
      this.#storing.delete(message);
    }
    message.key = 0;
  }

  unkeepKey(key: number): void {
    if (key > 0) this.#keeper.keep(key, null);
  }

  /** More of what was staged is safe. */
  onSafe(): void {
    for (const message of this.#storing) {
      const isOver = message.place === Place.None;
      if (!isOver && !this.isSafe(message)) break;
      this.#storing.delete(message);
      if (!isOver) message.onStored();
    }
  }
}
