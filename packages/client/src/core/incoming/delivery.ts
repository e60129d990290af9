/**
 * One QoS 1 or 2 message that the server waits to see acknowledged. It may be with several subscribers: it is
 * acknowledged when the last of them lets go of it, and left unacknowledged when one of them wants that.
 */
import { ReasonCode } from '@martlet/protocol';

export const DeliveryProgress = {
  /** With a subscriber. */
  Held: 0,
  /** To be acknowledged with `reasonCode`. */
  Done: 1,
  /** Not to be acknowledged on this connection: the server sends it again on the next one. */
  Left: 2,
} as const;
export type DeliveryProgress = (typeof DeliveryProgress)[keyof typeof DeliveryProgress];

/** What was in it, to know it again. */
export interface Delivered {
  readonly topicName: string;
  readonly payload: Uint8Array;
  detach(): void;
}

export class Delivery {
  readonly packetId: number;
  readonly qos: 1 | 2;
  /** The connection on which it came last, as a count: an acknowledgement goes nowhere else. */
  epoch: number;
  progress: DeliveryProgress;
  reasonCode: ReasonCode;
  /** Of the keeper: the acknowledgement leaves when this is safe. */
  revision: number;
  #holders: number;
  #wasLeft: boolean;
  readonly #onSettled: (delivery: Delivery, message: Delivered) => void;

  constructor(
    packetId: number,
    qos: 1 | 2,
    epoch: number,
    onSettled: (delivery: Delivery, message: Delivered) => void,
  ) {
    this.packetId = packetId;
    this.qos = qos;
    this.epoch = epoch;
    this.progress = DeliveryProgress.Held;
    this.reasonCode = ReasonCode.Success;
    this.revision = 0;
    this.#holders = 1;
    this.#wasLeft = false;
    this.#onSettled = onSettled;
  }

  hold(): void {
    this.#holders++;
  }

  /** One holder is done. @param reasonCode with which; undefined leaves the message unacknowledged */
  release(reasonCode: ReasonCode | undefined, message: Delivered): void {
    if (reasonCode === undefined) this.#wasLeft = true;
    else if (reasonCode >= 0x80) this.reasonCode = reasonCode;
    if (--this.#holders > 0) return;
    this.progress = this.#wasLeft ? DeliveryProgress.Left : DeliveryProgress.Done;
    this.#onSettled(this, message);
  }
}
