/** What listeners remember of clients: in a file each where the broker keeps something, and over reloads that open them anew. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientMemory } from '../core/ports/memory.ts';
import { ClientsFile } from '../upstream/clients-file.ts';
import { MemoryOfClients } from '../upstream/memory-of-clients.ts';

export interface OpenMemory {
  readonly memory: ClientMemory;
  /** Fulfils when it is written, unless another listener of that name goes on with it. */
  release(): Promise<void>;
}

interface Shared {
  readonly file: Promise<ClientsFile>;
  users: number;
}

/** Beside the store's own files. */
const DIRECTORY = 'mqtt-sn';

const nowMs = (): number => performance.now();

export class ListenerMemories {
  readonly #files = new Map<string, Shared>();
  readonly #closing = new Map<string, Promise<void>>();
  readonly #inMemory = new Map<string, MemoryOfClients>();

  /**
   * Rejects with the system's error if the file cannot be read or written.
   * @param storeDirectory null: nothing outlives the process
   * @param onFailure told of what cannot be written; it is tried again with the next change
   */
  async open(
    name: string,
    storeDirectory: string | null,
    onFailure: (error: Error) => void,
  ): Promise<OpenMemory> {
    if (storeDirectory === null) return { memory: this.#inMemoryOf(name), release: async () => {} };
    const path = join(storeDirectory, DIRECTORY, `${encodeURIComponent(name)}.clients`);
    const shared = this.#files.get(path) ?? this.#share(path, onFailure);
    shared.users++;
    try {
      return { memory: await shared.file, release: () => this.#release(path, shared) };
    } catch (error) {
      this.#files.delete(path);
      throw error;
    }
  }

  #inMemoryOf(name: string): MemoryOfClients {
    const known = this.#inMemory.get(name) ?? new MemoryOfClients({ nowMs });
    this.#inMemory.set(name, known);
    return known;
  }

  #share(path: string, onFailure: (error: Error) => void): Shared {
    const shared: Shared = { file: this.#openFile(path, onFailure), users: 0 };
    this.#files.set(path, shared);
    return shared;
  }

  async #openFile(path: string, onFailure: (error: Error) => void): Promise<ClientsFile> {
    await this.#closing.get(path);
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
    return ClientsFile.open({ path, nowMs, onFailure });
  }

  #release(path: string, shared: Shared): Promise<void> {
    shared.users--;
    if (shared.users > 0) return Promise.resolve();
    this.#files.delete(path);
    const closing = shared.file
      .then((file) => file.close())
      .finally(() => {
        if (this.#closing.get(path) === closing) this.#closing.delete(path);
      });
    this.#closing.set(path, closing);
    return closing;
  }
}
