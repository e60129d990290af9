/** Web Locks of one origin, as far as a session store uses them: exclusive ones, waited for or not. */
export class SimulatedLocks {
  readonly #held: Set<string>;
  readonly #waiting: { readonly name: string; readonly grant: () => void }[];

  constructor() {
    this.#held = new Set();
    this.#waiting = [];
  }

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  async request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    callback: (lock: object | null) => Promise<unknown>,
  ): Promise<unknown> {
    await Promise.resolve();
    if (this.#held.has(name)) {
      if (options.ifAvailable) return callback(null);
      await this.#granted(name, options.signal);
    }
    this.#held.add(name);
    try {
      return await callback({ name });
    } finally {
      this.#held.delete(name);
      const next = this.#waiting.findIndex((waiting) => waiting.name === name);
      if (next >= 0) this.#waiting.splice(next, 1)[0]!.grant();
    }
  }

  #granted(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((grant, reject) => {
      const waiting = { name, grant };
      this.#waiting.push(waiting);
      signal?.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      });
    });
  }
}
