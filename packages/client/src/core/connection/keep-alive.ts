/**
 * Finds out that the server is gone, and keeps it from thinking that we are: by the clock, not by counting timers,
 * because a browser throttles the timers of a tab that nobody looks at.
 *
 * Half a keep alive after the last byte arrived, or after our last packet, PINGREQ leaves. When nothing has arrived half a
 * keep alive after that, the connection is dead: so it is found out within the keep alive. Who looks at the clock much
 * too late was asleep, and gives the server its time once more: the answer may be waiting to be read.
 *
 * A connection may be deaf, when the application holds back what arrives, or mute, while it does not take what we wrote: a
 * ping would wait behind a large message. Where the transport tells how many bytes have left, it is dead when none did for
 * half a keep alive, and none arrived for a whole one. So a deaf one is dead when our pings stay
 * here; as long as the kernel takes them, nobody can know. Other transports: a mute one has a keep alive and what a slow
 * network needs besides, and a deaf one is not judged.
 */

/** A look at the clock that comes so much too late, in milliseconds, means that the process or the tab was asleep. */
const ASLEEP_MS = 1000;

/** A slow network takes so many bytes in a millisecond, as a power of two: 16, which are 128 kbit/s. */
const SLOW_SHIFT = 4;

export const KeepAliveVerdict = { Fine: 0, Ping: 1, Dead: 2 } as const;
export type KeepAliveVerdict = (typeof KeepAliveVerdict)[keyof typeof KeepAliveVerdict];

/** What tells how many bytes have left, if it can. */
export interface SentBytes {
  readonly sentBytes?: number | undefined;
}

export class KeepAlive {
  readonly #transport: SentBytes;
  /** Milliseconds from a ping to its answer, and from silence to a ping; Infinity when there is no keep alive. */
  readonly #halfMs: number;
  #receivedMs: number;
  #sentMs: number;
  /** When the answer to the PINGREQ under way is due; Infinity when none is. */
  #answerMs: number;
  /** What an answer gets, in milliseconds. */
  #withinMs: number;
  /** Milliseconds that what waits to leave may take. */
  #leavingMs: number;
  /** Whether somebody was asleep since the last byte arrived: that excuses once. */
  #isExcused: boolean;
  /** Bytes that had left at the last look while deaf or mute; -1 before. */
  #left: number;

  /** @param keepAliveS seconds; 0 means that nothing is watched. */
  constructor(keepAliveS: number, nowMs: number, transport: SentBytes) {
    this.#transport = transport;
    this.#halfMs = keepAliveS === 0 ? Number.POSITIVE_INFINITY : keepAliveS * 500;
    this.#receivedMs = nowMs;
    this.#sentMs = nowMs;
    this.#answerMs = Number.POSITIVE_INFINITY;
    this.#withinMs = this.#halfMs;
    this.#leavingMs = 0;
    this.#isExcused = false;
    this.#left = -1;
  }

  received(nowMs: number): void {
    this.#receivedMs = nowMs;
    this.#answerMs = Number.POSITIVE_INFINITY;
    this.#withinMs = this.#halfMs;
    this.#isExcused = false;
  }

  sent(nowMs: number): void {
    this.#sentMs = nowMs;
  }

  /** Mute, with so many bytes more that wait to leave. */
  waits(bytes: number): void {
    this.#leavingMs += bytes >> SLOW_SHIFT;
    if (this.#left === -1) this.#left = this.#transport.sentBytes ?? -1;
  }

  /** Not mute any more: a ping that waited leaves only now. */
  drained(nowMs: number): void {
    this.#leavingMs = 0;
    this.#left = -1;
    this.#sentMs = nowMs;
    if (this.#answerMs !== Number.POSITIVE_INFINITY) this.#answerMs = nowMs + this.#withinMs;
  }

  /** A PINGREQ has left: an answer is expected within so many milliseconds. */
  pinged(nowMs: number, withinMs: number = this.#withinMs): void {
    this.#sentMs = nowMs;
    this.#withinMs = withinMs;
    this.#answerMs = Math.min(this.#answerMs, nowMs + withinMs);
  }

  /** When to look at the clock next; Infinity for never. */
  nextMs(isDeaf: boolean, isMute: boolean): number {
    if (isMute) {
      if (this.#transport.sentBytes !== undefined)
        return Math.max(this.#sentMs, this.#receivedMs + this.#withinMs) + this.#withinMs;
      return isDeaf
        ? Number.POSITIVE_INFINITY
        : Math.max(this.#receivedMs, this.#sentMs) + 2 * this.#halfMs + this.#leavingMs;
    }
    if (isDeaf) return this.#sentMs + this.#halfMs; // [MQTT-3.1.2-20] [MQTT-3.1.2-23] 3.1.1
    if (this.#answerMs !== Number.POSITIVE_INFINITY) return this.#answerMs;
    return Math.min(this.#receivedMs, this.#sentMs) + this.#halfMs; // [MQTT-3.1.2-20] [MQTT-3.1.2-23] 3.1.1
  }

  /** What to do now. After `Ping` the caller sends PINGREQ and calls `pinged`. */
  look(nowMs: number, isDeaf: boolean, isMute: boolean): KeepAliveVerdict {
    const dueMs = this.nextMs(isDeaf, isMute);
    if (nowMs < dueMs) return KeepAliveVerdict.Fine;
    const left = isDeaf || isMute ? this.#transport.sentBytes : undefined;
    if (left !== undefined && left !== this.#left) {
      this.#left = left;
      if (!isMute) return KeepAliveVerdict.Ping;
      this.#sentMs = nowMs;
      this.#withinMs = this.#halfMs;
      return KeepAliveVerdict.Fine;
    }
    const isAsked = isDeaf ? left !== undefined : this.#answerMs !== Number.POSITIVE_INFINITY;
    if (!isMute && !isAsked) return KeepAliveVerdict.Ping;
    if (nowMs - dueMs < ASLEEP_MS || this.#isExcused) return KeepAliveVerdict.Dead;
    this.#isExcused = true;
    this.#answerMs = Number.POSITIVE_INFINITY;
    this.#sentMs = nowMs;
    return isMute ? KeepAliveVerdict.Fine : KeepAliveVerdict.Ping;
  }
}
