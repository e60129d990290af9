/** For how long a client may be silent, in each of its states (sections 6.11 and 6.14). */
import type { Deadline } from '@martlet/protocol';
import type { GatewayContext } from './gateway-context.ts';

export class Silence {
  readonly #context: GatewayContext;
  readonly #deadline: Deadline;

  constructor(context: GatewayContext, onSilent: () => void) {
    this.#context = context;
    this.#deadline = { heapIndex: -1, onDue: onSilent };
  }

  /** It was heard. @param seconds its keep alive, or how long it sleeps; 0: it has none */
  begin(seconds: number): void {
    const { tolerance, silentMs } = this.#context.options;
    this.#set(seconds === 0 ? silentMs : seconds * 1000 * tolerance);
  }

  /** It is connecting: a handshake that stops is not kept for as long as a client that is silent. */
  beginHandshake(): void {
    const { retryMs, retries } = this.#context.options;
    this.#set(retryMs * (retries + 1));
  }

  #set(ms: number): void {
    this.#context.deadlines.set(this.#deadline, this.#context.nowMs + ms);
  }

  end(): void {
    this.#context.deadlines.clear(this.#deadline);
  }
}
