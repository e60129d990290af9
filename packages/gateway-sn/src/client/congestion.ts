/**
 * Leaving a gateway alone that has no room (return code 0x01): what it refused is not asked again for T_WAIT (sections 6.5,
 * 6.6 and 6.9). Each kind of request has a wait of its own: a gateway may have no identifier left for one more topic, and
 * still take messages for those that it knows.
 */
import { SnClientError } from './sn-client-error.ts';

export type CongestedKind = 'PUBLISH' | 'REGISTER' | 'SUBSCRIBE';

const MS_PER_SECOND = 1000;

export class Congestion {
  readonly #waitMs: number;
  readonly #untilMs = { PUBLISH: 0, REGISTER: 0, SUBSCRIBE: 0 };

  /** @param waitMs T_WAIT */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
    this.clear();
  }

  /** The gateway has just answered that it has no room. */
  begin(kind: CongestedKind, nowMs: number): SnClientError {
    this.#untilMs[kind] = nowMs + this.#waitMs;
    return congested(`the gateway answered ${kind} with "rejected: congestion"`, this.#waitMs);
  }

  /** In ms; 0 if it may be asked. */
  leftMs(kind: CongestedKind, nowMs: number): number {
    return Math.max(0, this.#untilMs[kind] - nowMs);
  }

  /** Why it may not be asked now; null if it may. */
  refusal(kind: CongestedKind, nowMs: number): SnClientError | null {
    const leftMs = this.leftMs(kind, nowMs);
    return leftMs === 0 ? null : congested(`the gateway had no room for ${kind}`, leftMs);
  }

  /** It is another gateway. */
  clear(): void {
    for (const kind of ['PUBLISH', 'REGISTER', 'SUBSCRIBE'] as const) {
      this.#untilMs[kind] = Number.NEGATIVE_INFINITY;
    }
  }
}

function congested(what: string, leftMs: number): SnClientError {
  const seconds = Math.ceil(leftMs / MS_PER_SECOND);
  const text = `${what}: it is left alone for ${seconds} s more (T_WAIT)`;
  return new SnClientError('CONGESTION', text, undefined, leftMs);
}
