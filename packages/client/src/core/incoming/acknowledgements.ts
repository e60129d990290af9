/**
 * The order in which acknowledgements leave: that of their PUBLISH packets, in whatever order the application is done with
 * them. One that the application leaves out holds up no other. It belongs to the connection.
 * [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-2] 3.1.1 [MQTT-4.6.0-3] 3.1.1
 */
import { Fifo } from '../fifo.ts';
import type { Keeper } from '../keeper.ts';
import { DeliveryProgress } from './delivery.ts';

/** What is to be answered. */
export interface Answer {
  readonly progress: DeliveryProgress;
  /** Of the keeper: the answer leaves when this is safe. */
  readonly revision: number;
}

export class Acknowledgements<T extends Answer> extends Fifo<T> {
  readonly #keeper: Keeper;
  readonly #send: (answer: T) => void;
  /** How many were left out, and are no longer among those that wait. */
  left = 0;

  /** @param send writes it */
  constructor(keeper: Keeper, send: (answer: T) => void) {
    super();
    this.#keeper = keeper;
    this.#send = send;
  }

  /** Whether all of them wait for the application to be done with one. */
  get isHeld(): boolean {
    return this.first()?.progress === DeliveryProgress.Held;
  }

  /** The next in the order of PUBLISH packets: sent at once if it may be. */
  add(answer: T): void {
    // Most messages are done with when they have been handed over, and find nothing before them.
    if (this.size > 0 || !this.#sendOne(answer)) this.items.push(answer);
  }

  /** Sends what may leave now. */
  send(): void {
    for (let first = this.first(); first !== undefined && this.#sendOne(first); first = this.first()) {
      this.shift();
    }
  }

  #sendOne(answer: T): boolean {
    const { progress } = answer;
    if (progress === DeliveryProgress.Held || !this.#keeper.isSafe(answer.revision)) return false;
    if (progress === DeliveryProgress.Done) this.#send(answer);
    else this.left++;
    return true;
  }
}
