/**
 * Which certificate a client is shown: by the server name that it asks for (SNI). `*.example.org` stands for one label,
 * and an exact name wins over it.
 */
export class ServerNames<T> {
  readonly #exact = new Map<string, T>();
  readonly #wildcards = new Map<string, T>();

  /** The first that has a name keeps it. */
  add(serverName: string, value: T): void {
    const name = serverName.toLowerCase();
    const [names, key] = name.startsWith('*.') ? [this.#wildcards, name.slice(2)] : [this.#exact, name];
    if (!names.has(key)) names.set(key, value);
  }

  find(serverName: string): T | undefined {
    const name = serverName.toLowerCase();
    const dot = name.indexOf('.');
    return this.#exact.get(name) ?? (dot > 0 ? this.#wildcards.get(name.slice(dot + 1)) : undefined);
  }
}
