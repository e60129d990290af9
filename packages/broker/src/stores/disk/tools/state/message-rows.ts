import type { QoS } from '../../../../core/publish/message.ts';
import { grown, PairTable } from './pair-table.ts';

/** What the log says of one message; its bytes are in the file. */
export interface MessagePlace {
  readonly messageId: number;
  readonly segment: number;
  /** In the file. */
  readonly position: number;
  readonly length: number;
  readonly crc: number;
  readonly payloadLength: number;
  readonly costBytes: number;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly expiresAtWallMs: number;
}

const QOS = 3;
const RETAIN = 4;

/** The messages of a store by their identifiers, in columns: about 80 bytes each. */
export class MessageRows {
  /** By so much the clock has jumped, in the records so far: what was put before expires so much later. */
  clockMovedMs = 0;
  readonly #table = new PairTable();
  #segments = new Uint32Array(0);
  #positions = new Float64Array(0);
  #lengths = new Uint32Array(0);
  #crcs = new Uint32Array(0);
  #payloadLengths = new Uint32Array(0);
  #costs = new Float64Array(0);
  #flags = new Uint8Array(0);
  #expiries = new Float64Array(0);
  #references = new Uint32Array(0);

  get size(): number {
    return this.#table.size;
  }

  /** One above the highest row. */
  get top(): number {
    return this.#table.top;
  }

  /** The row of a message, or -1. */
  find(messageId: number): number {
    return this.#table.find(messageId, 0);
  }

  /** Adds it, or notes its newer place. */
  put(place: MessagePlace): void {
    let row = this.#table.find(place.messageId, 0);
    if (row < 0) {
      row = this.#table.add(place.messageId, 0);
      if (this.#table.capacity > this.#segments.length) this.#grow(this.#table.capacity);
    }
    this.#segments[row] = place.segment;
    this.#positions[row] = place.position;
    this.#lengths[row] = place.length;
    this.#crcs[row] = place.crc;
    this.#payloadLengths[row] = place.payloadLength;
    this.#costs[row] = place.costBytes;
    this.#flags[row] = place.qos | (place.retain ? RETAIN : 0);
    this.setExpiry(row, place.expiresAtWallMs);
  }

  setExpiry(row: number, expiresAtWallMs: number): void {
    this.#expiries[row] = expiresAtWallMs - this.clockMovedMs;
  }

  /** How often it is queued, in flight or retained; counted by whoever walks over these. */
  references(row: number): number {
    return this.#references[row]!;
  }

  addReference(row: number): void {
    this.#references[row] = this.#references[row]! + 1;
  }

  forgetReferences(): void {
    this.#references.fill(0);
  }

  /** The rows in the order of the identifiers: that in which the messages came, and mostly that in the files. */
  rowsInOrder(): Uint32Array {
    const rows = new Uint32Array(this.#table.size);
    for (let row = 0; row < rows.length; row++) rows[row] = row;
    const table = this.#table;
    return rows.sort((a, b) => table.first(a) - table.first(b));
  }

  idOf(row: number): number {
    return this.#table.first(row);
  }

  lengthOf(row: number): number {
    return this.#lengths[row]!;
  }

  payloadLengthOf(row: number): number {
    return this.#payloadLengths[row]!;
  }

  segmentOf(row: number): number {
    return this.#segments[row]!;
  }

  place(row: number): MessagePlace {
    const flags = this.#flags[row]!;
    return {
      messageId: this.#table.first(row),
      segment: this.#segments[row]!,
      position: this.#positions[row]!,
      length: this.#lengths[row]!,
      crc: this.#crcs[row]!,
      payloadLength: this.#payloadLengths[row]!,
      costBytes: this.#costs[row]!,
      qos: (flags & QOS) as QoS,
      retain: (flags & RETAIN) !== 0,
      expiresAtWallMs: this.#expiries[row]! + this.clockMovedMs,
    };
  }

  #grow(capacity: number): void {
    this.#segments = grown(this.#segments, new Uint32Array(capacity));
    this.#positions = grown(this.#positions, new Float64Array(capacity));
    this.#lengths = grown(this.#lengths, new Uint32Array(capacity));
    this.#crcs = grown(this.#crcs, new Uint32Array(capacity));
    this.#payloadLengths = grown(this.#payloadLengths, new Uint32Array(capacity));
    this.#costs = grown(this.#costs, new Float64Array(capacity));
    this.#flags = grown(this.#flags, new Uint8Array(capacity));
    this.#expiries = grown(this.#expiries, new Float64Array(capacity));
    this.#references = grown(this.#references, new Uint32Array(capacity));
  }
}
