/**
 * Being found (section 6.1): ADVERTISE at intervals, and GWINFO for who searches. Neither says where: the sender's address does.
 * While the broker cannot be reached, neither is sent: whoever came would only be sent away.
 */
import type { Deadline } from '@martlet/protocol';
import { encodeMessage } from './codec/encode-message.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Link, Peer } from './ports/link.ts';
import type { StrangerAnswers } from './stranger-answers.ts';

/** How soon a broker that could not be reached is asked for again. */
const ASK_AGAIN_MS = 30_000;

export class Discovery {
  readonly #context: GatewayContext;
  readonly #link: Link;
  readonly #strangers: StrangerAnswers;
  readonly #gwinfo: Uint8Array;
  readonly #advertise: Uint8Array;
  readonly #next: Deadline;
  #isReachable = true;
  #stopAsking: (() => void) | undefined;

  constructor(context: GatewayContext, link: Link, strangers: StrangerAnswers, gatewayId: number) {
    this.#context = context;
    this.#link = link;
    this.#strangers = strangers;
    const seconds = Math.round(context.options.advertiseMs / 1000);
    this.#gwinfo = encodeMessage({ type: 'gwinfo', gatewayId, gatewayAddress: new Uint8Array(0) });
    this.#advertise = encodeMessage({ type: 'advertise', gatewayId, duration: Math.min(0xffff, seconds) });
    this.#next = { heapIndex: -1, onDue: () => this.#onDue() };
    context.deadlines.set(this.#next, context.nowMs);
  }

  #onDue(): void {
    const { upstreams } = this.#context;
    if (upstreams.reach === undefined) this.#onReached(true);
    else this.#stopAsking = upstreams.reach((isReachable) => this.#onReached(isReachable));
  }

  #onReached(isReachable: boolean): void {
    const { deadlines, nowMs, options } = this.#context;
    this.#stopAsking = undefined;
    this.#isReachable = isReachable;
    if (isReachable) this.#broadcast(this.#advertise, 0);
    const waitMs = isReachable ? options.advertiseMs : Math.min(ASK_AGAIN_MS, options.advertiseMs);
    deadlines.set(this.#next, nowMs + waitMs);
  }

  /** @param radius hops that the searching client asked for */
  onSearch(peer: Peer, radius: number): void {
    if (!this.#isReachable) return;
    if (!this.#strangers.mayAnswer(peer.host, this.#context.nowMs)) return;
    this.#count(this.#gwinfo);
    this.#link.send(peer, this.#gwinfo);
    this.#broadcast(this.#gwinfo, radius);
  }

  #broadcast(bytes: Uint8Array, radius: number): void {
    if (this.#link.broadcast === undefined) return;
    this.#count(bytes);
    this.#link.broadcast(bytes, radius);
  }

  #count(bytes: Uint8Array): void {
    this.#context.metrics.datagramsSent++;
    this.#context.metrics.bytesSent += bytes.length;
  }

  stop(): void {
    this.#stopAsking?.();
    this.#context.deadlines.clear(this.#next);
  }
}
