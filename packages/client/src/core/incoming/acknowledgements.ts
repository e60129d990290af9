/**
 * The order in which acknowledgements leave: that of their PUBLISH packets, in whatever order the application is done with
 * them. One that the application leaves out holds up no other. It belongs to the connection.
 * [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-2] 3.1.1 [MQTT-4.6.0-3] 3.1.1
 */
import type { Keeper } from '../keeper.ts';
import { DeliveryProgress } from './delivery.ts';

/** So many places at the front may be empty before the others move up. */
const SLACK = 1024;

/** What is to be answered. */
export interface Answer {
  readonly progress: DeliveryProgress;
  /** Of the keeper: the answer leaves when this is safe. */
  readonly revision: number;
}

export class Acknowledgements<T extends Answer> {
  readonly #keeper: Keeper;
  readonly #send: (answer: T) => void;
  /** From `#first` on; what is before has left. */
  readonly #answers: T[] = [];
  #first = 0;
  /** How many were left out, and are no longer among those that wait. */
  left = 0;

  /** @param send writes it */
  constructor(keeper: Keeper, send: (answer: T) => void) {
    this.#keeper = keeper;
    this.#send = send;
  }

  get size(): number {
    return this.#answers.length - this.#first;
  }

  /** Whether all of them wait for the application to be done with one. */
  get isHeld(): boolean {
    return this.#answers[this.#first]?.progress === DeliveryProgress.Held;
  }

  /** The next in the order of PUBLISH packets: sent at once if it may be. */
  add(answer: T): void {
    // Most messages are done with when they have been handed over, and find nothing before them.
    if (this.#answers.length > 0 || !this.#sendOne(answer)) this.#answers.push(answer);
  }

  /** Sends what may leave now. */
  send(): void {
    const answers = this.#answers;
    const first = this.#first;
    while (this.#first < answers.length && this.#sendOne(answers[this.#first]!)) this.#first++;
    if (this.#first === first) return;
    if (this.#first < answers.length && (this.#first < SLACK || this.#first * 2 < answers.length)) return;
    answers.splice(0, this.#first);
    this.#first = 0;
  }

  #sendOne(answer: T): boolean {
    const { progress } = answer;
    if (progress === DeliveryProgress.Held || !this.#keeper.isSafe(answer.revision)) return false;
    if (progress === DeliveryProgress.Done) this.#send(answer);
    else this.left++;
    return true;
  }
}
