/** Which messages are printed, and which count for `-C`. */
import { matches } from '@martlet/protocol';
import type { ReceivedMessage } from '../messages/received-message.ts';
import type { SubValues } from './sub-flags.ts';

/** What becomes of a message. */
export interface Verdict {
  /** It is removed from the server. */
  readonly isRemoved: boolean;
  /** It counts. */
  readonly isTaken: boolean;
  readonly isPrinted: boolean;
}

const PRINTED: Readonly<Verdict> = { isRemoved: false, isTaken: true, isPrinted: true };
const REMOVED_AND_PRINTED: Readonly<Verdict> = { isRemoved: true, isTaken: true, isPrinted: true };
const REMOVED: Readonly<Verdict> = { isRemoved: true, isTaken: false, isPrinted: false };
const LEFT_OUT: Readonly<Verdict> = { isRemoved: false, isTaken: false, isPrinted: false };

export class MessageFilter {
  readonly #values: SubValues;
  readonly #random: () => number;

  /** @param random at least 0, below 1 */
  constructor(values: SubValues, random: () => number) {
    this.#values = values;
    this.#random = random;
  }

  judge({ topicName, retain }: ReceivedMessage): Verdict {
    const { filterOut, noRetained, removeRetained, randomFilter } = this.#values;
    for (let i = 0; i < filterOut.length; i++) if (matches(filterOut[i]!, topicName)) return LEFT_OUT;
    const isRemoved = removeRetained && retain;
    if (noRetained && retain) return isRemoved ? REMOVED : LEFT_OUT;
    // One that chance leaves out counts all the same, as in Mosquitto's tools.
    if (randomFilter !== undefined && this.#random() * 100 >= randomFilter)
      return { isRemoved, isTaken: true, isPrinted: false };
    return isRemoved ? REMOVED_AND_PRINTED : PRINTED;
  }
}
