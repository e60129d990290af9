/**
 * The order in which acknowledgements leave: that of their PUBLISH packets, in whatever order the application is done with
 * them. One that the application leaves out holds up no other. It belongs to the connection.
 * [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-2] 3.1.1 [MQTT-4.6.0-3] 3.1.1
 */
import type { Keeper } from '../keeper.ts';
import type { Delivery } from './delivery.ts';
import { DeliveryProgress } from './delivery.ts';

/** So many places at the front may be empty before the others move up. */
const SLACK = 1024;

export class Acknowledgements {
  readonly #keeper: Keeper;
  readonly #send: (delivery: Delivery) => void;
  /** From `#first` on; what is before has left. */
  readonly #deliveries: Delivery[] = [];
  #first = 0;
  /** How many were left out, and are no longer among those that wait. */
  left = 0;

  /** @param send writes PUBACK or PUBREC */
  constructor(keeper: Keeper, send: (delivery: Delivery) => void) {
    this.#keeper = keeper;
    this.#send = send;
  }

  get size(): number {
    return this.#deliveries.length - this.#first;
  }

  /** Whether all of them wait for the application to be done with one. */
  get isHeld(): boolean {
    return this.#deliveries[this.#first]?.progress === DeliveryProgress.Held;
  }

  /** The next in the order of PUBLISH packets: sent at once if it may be. */
  add(delivery: Delivery): void {
    // Most messages are done with when they have been handed over, and find nothing before them.
    if (this.#deliveries.length > 0 || !this.#sendOne(delivery)) this.#deliveries.push(delivery);
  }

  /** Sends what may leave now. */
  send(): void {
    const deliveries = this.#deliveries;
    const first = this.#first;
    while (this.#first < deliveries.length && this.#sendOne(deliveries[this.#first]!)) this.#first++;
    if (this.#first === first) return;
    if (this.#first < deliveries.length && (this.#first < SLACK || this.#first * 2 < deliveries.length))
      return;
    deliveries.splice(0, this.#first);
    this.#first = 0;
  }

  #sendOne(delivery: Delivery): boolean {
    const { progress } = delivery;
    if (progress === DeliveryProgress.Held || !this.#keeper.isSafe(delivery.revision)) return false;
    if (progress === DeliveryProgress.Done) this.#send(delivery);
    else this.left++;
    return true;
  }
}
