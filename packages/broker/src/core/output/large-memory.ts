/**
 * Memory of large packets, which is read into and written from without a copy, and used again when nobody needs it.
 *
 *     take ──▶ packet read into it ──▶ shown: lent to outboxes ──▶ given back by each ──▶ free
 *                                        └── kept by a message: left to the garbage collector
 *
 * An optimisation for payloads of tens of kilobytes (bench scenario payload-64k): fresh memory costs a quarter of what
 * such a message costs in all.
 */

import type { PacketMemory } from '@martlet/protocol';
import { FIXED_BOUNDS } from '../options/fixed-bounds.ts';

const GRAIN_BYTES = 16_384;
/** Free memory that is kept for reuse. */
const FREE_BYTES = FIXED_BOUNDS.pooledLargeBytes.value;

interface Lease {
  /** Outboxes that still refer to it, and the stream that shows it. */
  users: number;
  kept: boolean;
}

export class LargeMemory implements PacketMemory {
  readonly #leases: Map<ArrayBufferLike, Lease>;
  /** By size in grains. */
  readonly #free: Map<number, ArrayBufferLike[]>;
  #freeBytes: number;

  constructor() {
    this.#leases = new Map();
    this.#free = new Map();
    this.#freeBytes = 0;
  }

  /** Memory for `bytes`, its content undefined; in use until `release`. */
  take(bytes: number): Uint8Array {
    const grains = Math.ceil(bytes / GRAIN_BYTES);
    let buffer = this.#free.get(grains)?.pop();
    if (buffer === undefined) buffer = new ArrayBuffer(grains * GRAIN_BYTES);
    else this.#freeBytes -= buffer.byteLength;
    this.#leases.set(buffer, { users: 1, kept: false });
    return new Uint8Array(buffer, 0, bytes);
  }

  takeAhead(bytes: number): Uint8Array | null {
    return this.#leases.size < FIXED_BOUNDS.largeReadsAhead.value ? this.take(bytes) : null;
  }

  /** Memory that somebody uses at the moment. */
  get leases(): number {
    return this.#leases.size;
  }

  /** One more user of this memory, if it is ours. */
  lend(view: Uint8Array): void {
    const lease = this.#leases.get(view.buffer);
    if (lease !== undefined) lease.users++;
  }

  /** One user less; the last one frees it, unless it is kept. */
  release(view: Uint8Array): void {
    const { buffer } = view;
    const lease = this.#leases.get(buffer);
    if (lease === undefined || --lease.users > 0) return;
    this.#leases.delete(buffer);
    if (lease.kept || this.#freeBytes + buffer.byteLength > FREE_BYTES) return;
    const grains = buffer.byteLength / GRAIN_BYTES;
    const free = this.#free.get(grains);
    if (free === undefined) this.#free.set(grains, [buffer]);
    else free.push(buffer);
    this.#freeBytes += buffer.byteLength;
  }

  /** Its user is gone, but somebody may still write to it: it is left to the garbage collector. */
  abandon(view: Uint8Array): void {
    this.keep(view);
    this.release(view);
  }

  /** Somebody keeps a view of it for longer than can be known: it is never used again. */
  keep(view: Uint8Array): void {
    const lease = this.#leases.get(view.buffer);
    if (lease !== undefined) lease.kept = true;
  }
}
