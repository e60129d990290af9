/**
 * The receiving half of the delivery machine: what one session knows of the QoS 1 and 2 messages that its peer sends.
 *
 *     QoS 2:   unknown ──PUBLISH──▶ received ──PUBREL──▶ unknown
 *
 * The packet identifiers in "received" belong to the session and survive the connection. The count against our
 * Receive Maximum belongs to the connection. It knows no role: broker and client use it alike.
 */
import { ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';

/** A set of packet identifiers. */
export interface PacketIds extends Iterable<number> {
  readonly size: number;
  has(packetId: number): boolean;
  add(packetId: number): unknown;
  /** False if it was not there. */
  delete(packetId: number): boolean;
}

export class Receiver {
  /** How many QoS 1 and 2 PUBLISH packets the peer may have unacknowledged. */
  #receiveMaximum: number;
  #unacknowledged: number;
  #received: PacketIds | null;

  constructor() {
    this.#receiveMaximum = 65_535;
    this.#unacknowledged = 0;
    this.#received = null;
  }

  /** A new connection: what the old one had not seen acknowledged no longer counts. */
  connected(receiveMaximum: number): void {
    this.#receiveMaximum = receiveMaximum;
    this.#unacknowledged = 0;
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Packet identifiers of QoS 2 messages that were received and not yet released. */
  get received(): Iterable<number> {
    return this.#received ?? [];
  }

  get receivedCount(): number {
    return this.#received?.size ?? 0;
  }

  /** @throws ProtocolError 0x93 when the peer has more under way than it was allowed. */
  onPublishQos1(): void {
    this.#count();
  }

  /**
   * True for a new message, which is to be routed now; false for one that was received before and whose PUBREC is to be
   * sent again.
   * @throws ProtocolError 0x93 when the peer has more under way than it was allowed.
   */
  onPublishQos2(packetId: number): boolean {
    const received = (this.#received ??= this.newSet());
    if (received.has(packetId)) return false; // [MQTT-4.3.3-10]
    this.#count();
    received.add(packetId);
    return true;
  }

  /** Restores an identifier after a restart. */
  restore(packetId: number): void {
    (this.#received ??= this.newSet()).add(packetId);
  }

  /** False if the identifier is not known. The message is complete once PUBCOMP has left: see `acknowledged`. */
  onPubrel(packetId: number): boolean {
    return this.#received?.delete(packetId) ?? false; // [MQTT-4.3.3-12] [MQTT-4.3.3-2] 3.1.1
  }

  /** So many PUBACK, PUBCOMP and refusing PUBREC packets have left. */
  acknowledged(count: number): void {
    this.#unacknowledged = Math.max(0, this.#unacknowledged - count);
  }

  /** The message is refused with PUBREC: its identifier is free again. */
  forget(packetId: number): void {
    this.#received?.delete(packetId); // [MQTT-4.3.3-9]
  }

  /** What identifiers are kept in. */
  protected newSet(): PacketIds {
    return new Set();
  }

  #count(): void {
    if (this.#unacknowledged >= this.#receiveMaximum) {
      throw new ProtocolError(
        `expected at most ${this.#receiveMaximum} QoS 1 and 2 messages under way, got more`,
        ReasonCode.ReceiveMaximumExceeded, // [MQTT-3.3.4-7]
      );
    }
    this.#unacknowledged++;
  }
}
