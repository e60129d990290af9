/** Messages that wait for one client. Those of QoS 0 are kept nowhere else, within a bound; the others are the broker's. */

export interface Waiting {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** The broker's packet identifier; 0 at QoS 0. */
  readonly upstreamId: number;
  /** It was sent to the client before. */
  dup: boolean;
  /** The client has said once already that it does not know the identifier. */
  registeredAgain: boolean;
}

export class WaitingMessages {
  readonly #mostMessages: number;
  readonly #mostBytes: number;
  readonly #list: Waiting[] = [];
  /** Of QoS 0. */
  #messages = 0;
  #bytes = 0;

  constructor(mostMessages: number, mostBytes: number) {
    this.#mostMessages = mostMessages;
    this.#mostBytes = mostBytes;
  }

  get length(): number {
    return this.#list.length;
  }

  get head(): Waiting | undefined {
    return this.#list[0];
  }

  /** Whether one with this packet identifier of the broker waits. */
  has(upstreamId: number): boolean {
    return this.#list.some((waiting) => waiting.upstreamId === upstreamId);
  }

  /**
   * Adds one behind the others.
   * @param first the first that may give way
   * @returns how many of QoS 0 gave way, oldest first
   */
  push(waiting: Waiting, first: number): number {
    this.#list.push(waiting);
    if (waiting.qos !== 0) return 0;
    this.#messages++;
    this.#bytes += waiting.payload.length;
    let dropped = 0;
    while (this.#messages > this.#mostMessages || this.#bytes > this.#mostBytes) {
      const at = this.#list.findIndex(({ qos }, i) => i >= first && qos === 0);
      if (at === -1) break;
      this.#forget(this.#list[at]!);
      this.#list.splice(at, 1);
      dropped++;
    }
    return dropped;
  }

  shift(): void {
    const head = this.#list.shift();
    if (head !== undefined) this.#forget(head);
  }

  clear(): void {
    this.#list.length = 0;
    this.#messages = 0;
    this.#bytes = 0;
  }

  #forget({ qos, payload }: Waiting): void {
    if (qos !== 0) return;
    this.#messages--;
    this.#bytes -= payload.length;
  }
}
