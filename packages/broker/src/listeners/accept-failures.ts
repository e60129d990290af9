import type { Log } from '../core/ports/log.ts';
import { descriptorLimit } from './descriptor-limit.ts';
import { handleOf } from './stream-wrap.ts';

/** A condition that lasts (no descriptors left) fails thousands of times a second; the log gets one line of it. */
const INTERVAL_MS = 10_000;

/** Reports connections that the operating system could not give us, at a bounded rate. */
export class AcceptFailures {
  readonly #log: Log;
  readonly #listener: { readonly name: string };
  readonly #lastDescriptor: number;
  readonly #now: () => number;
  #nextMs = Number.NEGATIVE_INFINITY;
  #unreported = 0;

  /**
   * @param descriptors How many file descriptors this process may have.
   * @param now A monotonic clock, in ms.
   */
  constructor(
    log: Log,
    listener: { readonly name: string },
    descriptors: number = descriptorLimit(),
    now: () => number = () => performance.now(),
  ) {
    this.#log = log;
    this.#listener = listener;
    this.#lastDescriptor = descriptors - 1;
    this.#now = now;
  }

  /** @param error The system's name for it, such as `EMFILE`. */
  report(error: string): void {
    const nowMs = this.#now();
    if (nowMs < this.#nextMs) {
      this.#unreported++;
      return;
    }
    const more = this.#unreported > 0 ? `, and ${this.#unreported} more since the last report` : '';
    const advice =
      error === 'EMFILE' || error === 'ENFILE'
        ? ': too few file descriptors, raise the limit (ulimit -n)'
        : '';
    this.#unreported = 0;
    this.#nextMs = nowMs + INTERVAL_MS;
    this.#log.write('error', 'accept-failed', `${this.#listener.name}: ${error}${advice}${more}`);
  }

  /**
   * Looks at the descriptor of a connection that was accepted: it was the lowest free one. When it is the last,
   * libuv closes the next connections as they come, and tells nobody.
   */
  watch(handle: unknown): void {
    const { fd } = (handle ?? {}) as { readonly fd?: number };
    if (fd !== undefined && fd >= this.#lastDescriptor) this.report('EMFILE');
  }

  /** The same for a `net.Socket`. */
  watchSocket(socket: object): void {
    this.watch(handleOf(socket));
  }
}
