/**
 * The order in which acknowledgements leave: that of their PUBLISH packets, in whatever order the application is done with
 * them [MQTT-4.6.0-2] [MQTT-4.6.0-3]. One that the application leaves out holds up no other. It belongs to the connection.
 */
import type { Keeper } from '../keeper.ts';
import type { Delivery } from './delivery.ts';
import { DeliveryProgress } from './delivery.ts';

export class Acknowledgements {
  readonly #keeper: Keeper;
  readonly #send: (delivery: Delivery) => void;
  /** From `#first` on; what is before has left. */
  #deliveries: Delivery[] = [];
  #first = 0;

  /** @param send writes PUBACK or PUBREC */
  constructor(keeper: Keeper, send: (delivery: Delivery) => void) {
    this.#keeper = keeper;
    this.#send = send;
  }

  get size(): number {
    return this.#deliveries.length - this.#first;
  }

  push(delivery: Delivery): void {
    this.#deliveries.push(delivery);
  }

  /** Sends what may leave now. */
  send(): void {
    const deliveries = this.#deliveries;
    while (this.#first < deliveries.length) {
      const delivery = deliveries[this.#first]!;
      if (delivery.progress === DeliveryProgress.Held || !this.#keeper.isSafe(delivery.revision)) break;
      this.#first++;
      if (delivery.progress === DeliveryProgress.Done) this.#send(delivery);
    }
    if (this.#first === deliveries.length) {
      this.#deliveries = deliveries.length > 1024 ? [] : deliveries;
      this.#deliveries.length = 0;
      this.#first = 0;
    } else if (this.#first > 1024 && this.#first * 2 > deliveries.length) {
      deliveries.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
