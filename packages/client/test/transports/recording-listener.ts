import type { TransportListener } from '../../src/transports/transport.ts';

/** Keeps what a transport tells, and notes what breaks the port's promises. */
export class RecordingListener implements TransportListener {
  /** What was not allowed, in words. */
  readonly offences: string[] = [];
  readonly errors: (Error | undefined)[] = [];
  drains = 0;
  /** Called within the event. */
  onChunk: (chunk: Uint8Array) => void = () => {};
  /** Set by the test when its own code after `await` runs. */
  opened = false;
  paused = false;
  readonly #chunks: { readonly chunk: Uint8Array; readonly copy: Buffer }[] = [];
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];
  #inCall = false;
  #length = 0;

  get chunks(): number {
    return this.#chunks.length;
  }

  /** How many bytes came. */
  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks.map(({ copy }) => copy));
  }

  onBytes(chunk: Uint8Array): void {
    this.#note('bytes');
    if (this.paused) this.offences.push('bytes while paused');
    if (chunk.length === 0) this.offences.push('no bytes');
    this.#length += chunk.length;
    this.#chunks.push({ chunk, copy: Buffer.from(chunk) });
    this.onChunk(chunk);
    this.#look();
  }

  onDrain(): void {
    this.#note('drain');
    this.drains++;
    this.#look();
  }

  onClose(error?: Error): void {
    this.#note('close');
    this.errors.push(error);
    for (const { chunk, copy } of this.#chunks)
      if (!copy.equals(chunk)) this.offences.push('bytes were written to again');
    this.#look();
  }

  /** Calls a transport, within which nothing may be told. */
  call<T>(call: () => T): T {
    this.#inCall = true;
    try {
      return call();
    } finally {
      this.#inCall = false;
    }
  }

  /** Fulfilled when something that was told has made it true. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  async closed(): Promise<Error | undefined> {
    await this.until(() => this.errors.length > 0);
    return this.errors[0];
  }

  #note(what: string): void {
    if (!this.opened) this.offences.push(`${what} before the opener's promise was fulfilled`);
    if (this.errors.length > 0) this.offences.push(`${what} after the end`);
    if (this.#inCall) this.offences.push(`${what} within a call`);
  }

  #look(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wait of waiting) {
      if (wait.holds()) wait.resolve();
      else this.#waiting.push(wait);
    }
  }
}
