import type { SlotChunk } from './slot-chunks.ts';
import { SLOTS } from './slot-chunks.ts';
import { SplitColumn } from './split-column.ts';

/** Of one entry, while its numbers are small and it is not in flight. */
const BYTES = 17;

/** What is known of some entries, by place: 17 bytes for each, and 2 more in a chunk where some are in flight. */
export class EntryChunk implements SlotChunk {
  count = 0;
  used = 0;
  free = 0;
  readonly links: Uint32Array;
  readonly next: Uint32Array;
  readonly previous: Uint32Array;
  readonly messages: Uint32Array;
  readonly keys: SplitColumn;
  readonly segments: SplitColumn;
  readonly flags: Uint8Array;
  /** Made when the first entry is sent, because in a chunk of what waits none is. */
  packetIds: Uint16Array | null = null;

  constructor() {
    // One piece of memory, which comes and goes as a whole, and leaves no small gaps.
    const buffer = new ArrayBuffer(BYTES * SLOTS);
    this.next = new Uint32Array(buffer, 0, SLOTS);
    this.previous = new Uint32Array(buffer, 4 * SLOTS, SLOTS);
    this.messages = new Uint32Array(buffer, 8 * SLOTS, SLOTS);
    this.keys = new SplitColumn(new Uint16Array(buffer, 12 * SLOTS, SLOTS));
    this.segments = new SplitColumn(new Uint16Array(buffer, 14 * SLOTS, SLOTS));
    this.flags = new Uint8Array(buffer, 16 * SLOTS, SLOTS);
    this.links = this.next;
  }
}
