/**
 * Packet identifiers under which a client is asked. They are random, so that an answer shows that whoever is at the address
 * got the request. Those of QoS 2 messages must be the same when the message is sent again after a reconnect, whoever was
 * restarted: they are the broker's own, which its session keeps, moved by an offset that is drawn for each session.
 */
const HIGHEST = 65_535;

export class PacketIds {
  readonly #random: () => number;
  #last = 0;
  #offset = 0;
  /** The offset was drawn for the address that the client has now: no other has seen identifiers made with it. */
  #offsetIsSecret = false;

  constructor(random: () => number) {
    this.#random = random;
    this.newSession();
  }

  /** Of this session; to be remembered with it. */
  get offset(): number {
    return this.#offset;
  }

  get offsetIsSecret(): boolean {
    return this.#offsetIsSecret;
  }

  newSession(): void {
    this.#offset = Math.floor(this.#random() * HIGHEST);
    this.#offsetIsSecret = true;
  }

  /** The session is one that has been before, perhaps at another address. */
  restore(offset: number): void {
    this.#offset = offset;
    this.#offsetIsSecret = false;
  }

  onMoved(): void {
    this.#offsetIsSecret = false;
  }

  /** A random one, other than the last: a late answer to that one is none to this. */
  take(): number {
    const packetId = 1 + Math.floor(this.#random() * HIGHEST);
    this.#last = packetId === this.#last ? (packetId % HIGHEST) + 1 : packetId;
    return this.#last;
  }

  /** @param upstreamId the broker's */
  ofQos2(upstreamId: number): number {
    return ((upstreamId - 1 + this.#offset) % HIGHEST) + 1;
  }
}
