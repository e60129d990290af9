import { PacketIdSet } from './packet-id-set.ts';
import type { PacketIds } from './receiver.ts';
import { Receiver } from './receiver.ts';

/**
 * The receiver of one session of very many: its identifiers take little memory, and it knows which of them whoever keeps
 * the session does not keep.
 */
export class SessionReceiver extends Receiver {
  /** Identifiers that nobody keeps beyond the process; null until there was one. */
  #transient: PacketIds | null;

  constructor() {
    super();
    this.#transient = null;
  }

  /** Whoever keeps what the session knows does not keep this identifier, until it is released. */
  setTransient(packetId: number): void {
    (this.#transient ??= this.newSet()).add(packetId);
  }

  isTransient(packetId: number): boolean {
    return this.#transient?.has(packetId) ?? false;
  }

  override onPubrel(packetId: number): boolean {
    this.#transient?.delete(packetId);
    return super.onPubrel(packetId);
  }

  override forget(packetId: number): void {
    this.#transient?.delete(packetId);
    super.forget(packetId);
  }

  protected override newSet(): PacketIds {
    return new PacketIdSet();
  }
}
