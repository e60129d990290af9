import type { Transport, TransportSink } from '../../src/core/ports/transport.ts';

/**
 * The core's side of a connection, as the listeners' tests play it: it remembers what it was told, in order, and
 * notices a transport that calls back from inside one of its calls.
 */
export class RecordingSink implements TransportSink {
  readonly transport: Transport;
  readonly chunks: Uint8Array[] = [];
  drains = 0;
  readonly causes: (string | null)[] = [];
  /** Told from inside a call of the transport, or after the end. */
  readonly offences: string[] = [];
  /** What a test adds to receiving; called after the bytes are remembered. */
  onReceive: ((bytes: Uint8Array) => void) | undefined;
  onDrain: (() => void) | undefined;
  #depth = 0;
  readonly #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get isClosed(): boolean {
    return this.causes.length > 0;
  }

  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#watch('receive');
    // A copy: the memory is valid only during this call.
    const own = bytes.slice(start, end);
    this.chunks.push(own);
    this.onReceive?.(own);
    this.#settle();
  }

  onDrained(): void {
    this.#watch('onDrained');
    this.drains++;
    this.onDrain?.();
    this.#settle();
  }

  onClosed(cause: string | null): void {
    this.#watch('onClosed');
    this.causes.push(cause);
    this.#settle();
  }

  /** Calls the transport as the core does; nothing may come back before the call returns. */
  call<T>(call: (transport: Transport) => T): T {
    this.#depth++;
    try {
      return call(this.transport);
    } finally {
      this.#depth--;
    }
  }

  /** Resolves when the condition holds; it is looked at whenever the transport has told something. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }));
  }

  closed(): Promise<void> {
    return this.until(() => this.isClosed);
  }

  #watch(name: string): void {
    if (this.#depth > 0) this.offences.push(`${name} from inside a call`);
    if (this.isClosed) this.offences.push(`${name} after onClosed`);
  }

  #settle(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.condition()) waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}
