import type { SlotChunk } from './slot-chunks.ts';
import { SLOTS } from './slot-chunks.ts';
import { SplitColumn } from './split-column.ts';

/** Of one message, while its numbers are small. */
const BYTES = 25;

/** What is known of some messages, by place: 25 bytes for each. */
export class MessageChunk implements SlotChunk {
  count = 0;
  used = 0;
  free = 0;
  readonly links: Uint32Array;
  readonly offsets: Uint32Array;
  readonly checksums: Uint32Array;
  /** The lower 32 bits of identifiers, which have 48. */
  readonly lowIds: Uint32Array;
  readonly highIds: Uint16Array;
  readonly segments: SplitColumn;
  readonly lengths: SplitColumn;
  readonly payloads: SplitColumn;
  readonly costs: SplitColumn;
  readonly references: SplitColumn;
  readonly flags: Uint8Array;
  /** Made when the first message that expires comes, because in many chunks none does. */
  expiries: Float64Array | null = null;

  constructor() {
    // One piece of memory, which comes and goes as a whole, and leaves no small gaps.
    const buffer = new ArrayBuffer(BYTES * SLOTS);
    const narrow = (byte: number): Uint16Array => new Uint16Array(buffer, byte * SLOTS, SLOTS);
    this.offsets = new Uint32Array(buffer, 0, SLOTS);
    this.checksums = new Uint32Array(buffer, 4 * SLOTS, SLOTS);
    this.lowIds = new Uint32Array(buffer, 8 * SLOTS, SLOTS);
    this.highIds = narrow(12);
    this.segments = new SplitColumn(narrow(14));
    this.lengths = new SplitColumn(narrow(16));
    this.payloads = new SplitColumn(narrow(18));
    this.costs = new SplitColumn(narrow(20));
    this.references = new SplitColumn(narrow(22));
    this.flags = new Uint8Array(buffer, 24 * SLOTS, SLOTS);
    this.links = this.offsets;
  }
}
