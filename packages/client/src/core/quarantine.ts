/**
 * A server that closes the connection whenever it gets one certain packet would get it again after every reconnect, for
 * ever. So when the server has closed the connection with something unanswered, the next connection is careful: one
 * packet is under way at a time. What was alone under way when the server closed again, so many times in a row, is set
 * aside.
 */

/** Something that the server may stumble over: a message, or a subscription. */
export interface Suspect {
  /** How many connections ended while it was alone under way. An answer sets it to 0. */
  suspicion: number;
}

export class Quarantine {
  /** One packet at a time. */
  isCareful: boolean;
  readonly #attempts: number;

  /** @param attempts so many connections one packet may cost while it is alone under way. */
  constructor(attempts: number) {
    this.isCareful = false;
    this.#attempts = attempts;
  }

  /**
   * The server has closed the connection. Returns what is to be set aside, if anything.
   * @param suspects what was written and not answered
   */
  onClosed<S extends Suspect>(suspects: readonly S[]): S | undefined {
    if (suspects.length === 0) return undefined;
    this.isCareful = true;
    const [only] = suspects;
    if (suspects.length > 1 || ++only!.suspicion < this.#attempts) return undefined;
    this.isCareful = false;
    return only;
  }

  /** Nothing is under way or left to be sent: the danger is over. */
  onAnswered(): void {
    this.isCareful = false;
  }
}
