/**
 * The sending half of the delivery machine: the QoS 1 and 2 messages that one session has sent and that its peer has not
 * yet acknowledged.
 *
 *     QoS 1:   free ──PUBLISH──▶ AwaitingPuback ──PUBACK──▶ free
 *     QoS 2:   free ──PUBLISH──▶ AwaitingPubrec ──PUBREC──▶ AwaitingPubcomp ──PUBCOMP──▶ free
 *                                      └──PUBREC ≥ 0x80──▶ free
 *
 * The table belongs to the session and survives the connection; the send quota and what is to be sent again belong to
 * the connection. It holds an item per message (or null where nobody needs it back) and writes no packets.
 */
import { InFlightTable } from './in-flight-table.ts';

/** How far a QoS 1 or 2 message has come. */
export const DeliveryState = {
  /** Not sent; in the in-flight table: the packet identifier is not in use. */
  Queued: 0,
  /** PUBLISH sent at QoS 1; PUBACK awaited. */
  AwaitingPuback: 1,
  /** PUBLISH sent at QoS 2; PUBREC awaited. */
  AwaitingPubrec: 2,
  /** PUBREL sent; PUBCOMP awaited. */
  AwaitingPubcomp: 3,
  /** Acknowledged, but not free yet: whoever sends keeps the packet identifier until it has noted that. */
  Releasing: 4,
} as const;
export type DeliveryState = (typeof DeliveryState)[keyof typeof DeliveryState];

/** Packet identifiers there are. */
const MAXIMUM_IN_FLIGHT = 65_535;

export class Sender<T> {
  readonly inFlight: InFlightTable<T>;
  #sendQuota: number;
  #initialQuota: number;
  #resend: readonly number[] | null;
  #resendAt: number;

  constructor() {
    this.inFlight = new InFlightTable<T>();
    this.#sendQuota = 0;
    this.#initialQuota = 0;
    this.#resend = null;
    this.#resendAt = 0;
  }

  /** How many more QoS 1 and 2 messages may be sent now. */
  get sendQuota(): number {
    return Math.max(0, this.#sendQuota);
  }

  /** How many new messages may be sent now: none while something older waits to be sent again. */
  get sendable(): number {
    if (this.#resend !== null) return 0;
    // Identifiers of an earlier connection may still be in use beside the quota of this one.
    return Math.max(0, Math.min(this.#sendQuota, MAXIMUM_IN_FLIGHT - this.inFlight.size));
  }

  /** True when a new message may be sent. */
  get ready(): boolean {
    return this.sendable > 0;
  }

  /**
   * A new connection, whose peer's Receive Maximum is the quota. Everything in flight is to be sent again first: PUBREL,
   * which no quota delays, then PUBLISH, both in the order of first sending. A message whose PUBREL was sent is still
   * open to the peer and keeps its unit, so the quota may begin below 0.
   */
  connected(receiveMaximum: number): void {
    const released: number[] = [];
    const published: number[] = [];
    for (const packetId of this.inFlight.size === 0 ? [] : this.inFlight.inOrder()) {
      (this.#isPublishedOnly(packetId) ? published : released).push(packetId);
    }
    this.#initialQuota = receiveMaximum;
    this.#sendQuota = receiveMaximum - released.length; // [MQTT-4.9.0-1]
    this.#resend = this.inFlight.size === 0 ? null : [...released, ...published]; // [MQTT-3.3.4-10] [MQTT-4.9.0-3]
    this.#resendAt = 0;
  }

  /** The connection is gone; nothing can be sent. */
  disconnected(): void {
    this.#initialQuota = 0;
    this.#sendQuota = 0;
    this.#resend = null;
  }

  /** Takes a packet identifier and one unit of quota for a new message. Only when `ready`: then there is one. */
  publish(qos: 1 | 2, item: T | null): number {
    const packetId = this.inFlight.allocate(
      qos === 1 ? DeliveryState.AwaitingPuback : DeliveryState.AwaitingPubrec,
      item,
    );
    this.#sendQuota--;
    return packetId;
  }

  /**
   * The next packet identifier to send again after a reconnect: its PUBREL, or its PUBLISH with DUP, in the order of
   * first sending [MQTT-4.6.0-1]. 0 when there is none, or none that the quota allows.
   */
  nextResend(): number {
    const resend = this.#resend;
    if (resend === null) return 0;
    while (this.#resendAt < resend.length) {
      const packetId = resend[this.#resendAt]!;
      if (this.#isPublishedOnly(packetId)) {
        if (this.#sendQuota <= 0) return 0; // [MQTT-4.9.0-2]
        this.#sendQuota--;
      }
      this.#resendAt++;
      if (this.inFlight.stateOf(packetId) !== DeliveryState.Queued) return packetId;
    }
    this.#resend = null;
    return 0;
  }

  /** True if a QoS 1 message awaited this PUBACK. Read `inFlight.itemOf` before; call `release` after. */
  awaitsPuback(packetId: number): boolean {
    return this.inFlight.stateOf(packetId) === DeliveryState.AwaitingPuback;
  }

  awaitsPubrec(packetId: number): boolean {
    return this.inFlight.stateOf(packetId) === DeliveryState.AwaitingPubrec;
  }

  awaitsPubcomp(packetId: number): boolean {
    return this.inFlight.stateOf(packetId) === DeliveryState.AwaitingPubcomp;
  }

  /** PUBREC came: from now on PUBREL is what is sent again, never the PUBLISH. [MQTT-4.3.3-6] */
  onPubrec(packetId: number): void {
    this.inFlight.setState(packetId, DeliveryState.AwaitingPubcomp);
  }

  /** The exchange is over: the identifier and its unit of quota are free again. */
  release(packetId: number): void {
    this.inFlight.free(packetId);
    if (this.#sendQuota < this.#initialQuota) this.#sendQuota++;
  }

  /** Its PUBLISH was sent, and nothing has come back. */
  #isPublishedOnly(packetId: number): boolean {
    const state = this.inFlight.stateOf(packetId);
    return state === DeliveryState.AwaitingPuback || state === DeliveryState.AwaitingPubrec;
  }
}
