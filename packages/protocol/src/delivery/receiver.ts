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
import { PacketIdSet } from './packet-id-set.ts';

export class Receiver {
  /** How many QoS 1 and 2 PUBLISH packets the peer may have unacknowledged. */
  #receiveMaximum: number;
  #unacknowledged: number;
  #received: PacketIdSet | null;
  /** Of these, the ones that nobody keeps beyond the process; null until there was one. */
  #transient: PacketIdSet | null;

  constructor() {
    this.#receiveMaximum = 65_535;
    this.#unacknowledged = 0;
    this.#received = null;
    this.#transient = null;
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
    const received = (this.#received ??= new PacketIdSet());
    if (received.has(packetId)) return false; // [MQTT-4.3.3-10]
    this.#count();
    received.add(packetId);
    return true;
  }

  /** Whoever keeps what the session knows does not keep this identifier, until it is released. */
  setTransient(packetId: number): void {
    (this.#transient ??= new PacketIdSet()).add(packetId);
  }

  isTransient(packetId: number): boolean {
    return this.#transient?.has(packetId) ?? false;
  }

  /** Restores an identifier after a restart. */
  restore(packetId: number): void {
    (this.#received ??= new PacketIdSet()).add(packetId);
  }

  /** False if the identifier is not known. The message is complete once PUBCOMP has left: see `acknowledged`. */
  onPubrel(packetId: number): boolean {
    this.#transient?.delete(packetId);
    return this.#received?.delete(packetId) ?? false; // [MQTT-4.3.3-12] [MQTT-4.3.3-2] 3.1.1
  }

  /** So many PUBACK, PUBCOMP and refusing PUBREC packets have left. */
  acknowledged(count: number): void {
    this.#unacknowledged = Math.max(0, this.#unacknowledged - count);
  }

  /** The message is refused with PUBREC: its identifier is free again. */
  forget(packetId: number): void {
    this.#transient?.delete(packetId);
    this.#received?.delete(packetId); // [MQTT-4.3.3-9]
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
