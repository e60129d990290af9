/** Messages that wait for one client. Those of QoS 0 are kept nowhere else, within a bound; the others are the broker's. */
import type { ServerPacket } from '@martlet/protocol';

export interface Waiting {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** The broker's packet identifier; 0 at QoS 0. */
  readonly upstreamId: number;
  /** When nobody wants it any more, in monotonic ms; Infinity: never. */
  readonly expiresMs: number;
  /** Under which it is sent to the client; 0 until it has one. It stays, however often it is sent. */
  packetId: number;
  /** It was sent to the client before. */
  dup: boolean;
  /** QoS 2: the client has it, and it is to be released (PUBREL). */
  released: boolean;
  /** The client has said once already that it does not know the identifier. */
  registeredAgain: boolean;
  /** REGISTER was sent N_retry times and not answered, so often. */
  registerRounds: number;
}

/** A message as it has come from the broker; its payload is copied. */
export function waitingFor(packet: ServerPacket & { readonly type: 'publish' }, nowMs: number): Waiting {
  const { topicName, payload, qos, retain, packetId, dup, properties } = packet;
  const { messageExpiryInterval: seconds } = properties;
  return {
    topicName,
    payload: payload.slice(),
    qos,
    retain,
    upstreamId: packetId,
    expiresMs: seconds === undefined ? Number.POSITIVE_INFINITY : nowMs + seconds * 1000,
    packetId: 0,
    dup,
    released: false,
    registeredAgain: false,
    registerRounds: 0,
  };
}

/** A QoS 2 message that the client was given before, of which only PUBREL and PUBCOMP are left. */
export function waitingForRelease(upstreamId: number): Waiting {
  return {
    topicName: '',
    payload: new Uint8Array(0),
    qos: 2,
    retain: false,
    upstreamId,
    expiresMs: Number.POSITIVE_INFINITY,
    packetId: 0,
    dup: true,
    released: true,
    registeredAgain: false,
    registerRounds: 0,
  };
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

  /** The one of QoS 1 or 2 with this packet identifier of the broker. */
  withId(upstreamId: number): Waiting | undefined {
    if (this.#messages === this.#list.length) return undefined;
    return this.#list.find((waiting) => waiting.upstreamId === upstreamId);
  }

  push(waiting: Waiting): void {
    this.#list.push(waiting);
    if (waiting.qos !== 0) return;
    this.#messages++;
    this.#bytes += waiting.payload.length;
  }

  /**
   * Lets go of what is too much.
   * @param first the first that may give way
   * @returns how many of QoS 0 gave way, oldest first
   */
  trim(first: number): number {
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
