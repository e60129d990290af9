/** CONNECT and what belongs to it: the will that is asked for, and answers that were lost. */
import type { ClientState } from './client-state.ts';
import type { Connect, SnMessage, WillTopic } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { SnWill } from './will-handshake.ts';
import { WillHandshake } from './will-handshake.ts';

export class ConnectExchange {
  /** T_retry. */
  readonly #retryMs: number;
  /** For so long a client asks again: T_retry, N_retry times and once more. */
  readonly #repeatsMs: number;
  #last: Connect | null = null;
  #handshake: WillHandshake | null = null;
  /** The broker is asked, or has been. */
  #isAsked = false;
  /** Since CONNACK the client has sent something: it has got it. */
  #hasActed = false;
  #acceptedMs = 0;

  constructor({ retryMs, retries }: GatewayOptions) {
    this.#retryMs = retryMs;
    this.#repeatsMs = retryMs * (retries + 1);
  }

  /** @returns what the client is asked first; null if the broker can be asked */
  begin(connect: Connect): SnMessage | null {
    this.#last = connect;
    this.#handshake = connect.will ? new WillHandshake() : null;
    this.#isAsked = false;
    return this.#handshake?.question ?? null;
  }

  /** The client is another one now: what it sends is no repetition. */
  forget(): void {
    this.#last = this.#last === null ? null : { ...this.#last, clientId: '' };
  }

  get cleanSession(): boolean {
    return this.#last?.cleanSession === true;
  }

  /** The keep alive, in seconds. */
  get duration(): number {
    return this.#last?.duration ?? 0;
  }

  /** What was stated; undefined if nothing was asked. */
  get will(): SnWill | null | undefined {
    return this.#handshake?.will;
  }

  get isAsked(): boolean {
    return this.#isAsked;
  }

  onAsked(): void {
    this.#isAsked = true;
  }

  onAccepted(nowMs: number): void {
    this.#hasActed = false;
    this.#acceptedMs = nowMs;
  }

  onHeard(): void {
    this.#hasActed = true;
  }

  /**
   * A CONNECT whose answer was lost changes nothing, and is answered again. Who has done something since has got the answer:
   * then it is a copy that the network kept for a moment, or, after T_retry, a client that begins anew.
   * @returns the answer; null if it comes by itself; undefined if this is another CONNECT
   */
  answerAgain(connect: Connect, state: ClientState, nowMs: number): SnMessage | null | undefined {
    const last = this.#last;
    const isSame =
      last?.clientId === connect.clientId &&
      last.will === connect.will &&
      last.cleanSession === connect.cleanSession &&
      last.duration === connect.duration;
    if (!isSame) return undefined;
    if (state === 'connecting') {
      return this.#handshake === null || this.#handshake.isDone ? null : this.#handshake.question;
    }
    const withinMs = this.#hasActed ? this.#retryMs : this.#repeatsMs;
    return state === 'active' && nowMs - this.#acceptedMs < withinMs
      ? { type: 'connack', returnCode: ReturnCode.Accepted }
      : undefined;
  }

  /** @returns what is asked next; null if the broker can be asked; undefined if no will was asked for */
  onWillTopic(will: WillTopic | null): SnMessage | null | undefined {
    if (this.#handshake === null) return undefined;
    this.#handshake.onWillTopic(will);
    return this.#handshake.isDone ? null : this.#handshake.question;
  }

  /** @returns null if the broker can be asked; undefined if no message was asked for */
  onWillMessage(payload: Uint8Array): null | undefined {
    return this.#handshake?.onWillMessage(payload) === true ? null : undefined;
  }
}
