/**
 * What the gateway remembers of clients, in a file that outlives the process: a line for each change, appended, and the whole
 * file written anew beside itself when most of its lines are of the past. See docs/decisions/0081-what-a-gateway-remembers.md for
 * what a crash may lose.
 */
import type { FileHandle } from 'node:fs/promises';
import { open, readFile, rename } from 'node:fs/promises';
import type { ClientMemory, Remembered } from '../core/ports/memory.ts';
import type { MemoryOfClientsOptions } from './memory-of-clients.ts';
import { MemoryOfClients } from './memory-of-clients.ts';
import { lineFor, parseLine } from './remembered-line.ts';

export interface ClientsFileOptions extends MemoryOfClientsOptions {
  readonly path: string;
  /** Told of what cannot be written; it is tried again with the next change. */
  readonly onFailure?: (error: Error) => void;
}

/** Clients whose lines are written at a time. */
const BATCH = 1000;
/** Lines of the past that the file may have beyond as many as it has of the present. */
const MOST_PAST_LINES = 1000;
/** Only the gateway's own user reads what devices have as their wills. */
const MODE = 0o600;

export class ClientsFile implements ClientMemory {
  readonly #path: string;
  readonly #onFailure: (error: Error) => void;
  readonly #memory: MemoryOfClients;
  /** Clients whose lines are not written yet. */
  readonly #changed = new Set<string>();
  #file: FileHandle;
  #lines: number;
  #writing: Promise<void> | null = null;

  private constructor(options: ClientsFileOptions, file: FileHandle, memory: MemoryOfClients, lines: number) {
    this.#path = options.path;
    this.#onFailure = options.onFailure ?? (() => {});
    this.#file = file;
    this.#memory = memory;
    this.#lines = lines;
  }

  /**
   * Opens the file, or begins it. What it says of a client holds from now on for as long as it was said to hold.
   * Rejects with the system's error if it cannot be read or written.
   */
  static async open(options: ClientsFileOptions): Promise<ClientsFile> {
    const memory = new MemoryOfClients(options);
    const file = await open(options.path, 'a', MODE);
    const lines = (await readFile(options.path, 'utf8')).split('\n');
    for (const text of lines) {
      const line = parseLine(text);
      if (line?.remembered === undefined) memory.forget(line?.clientId ?? '');
      else memory.save(line.clientId, line.remembered, line.forSeconds);
    }
    // A last line without its end must not grow together with the next one.
    if (lines.at(-1) !== '') await file.appendFile('\n');
    return new ClientsFile(options, file, memory, lines.length);
  }

  get size(): number {
    return this.#memory.size;
  }

  load(clientId: string): Remembered | undefined {
    return this.#memory.load(clientId);
  }

  save(clientId: string, remembered: Remembered, forSeconds: number): void {
    this.#memory.save(clientId, remembered, forSeconds);
    this.#change(clientId);
  }

  forget(clientId: string): void {
    if (this.#memory.load(clientId) === undefined && !this.#changed.has(clientId)) return;
    this.#memory.forget(clientId);
    this.#change(clientId);
  }

  /** Fulfils when everything that was saved before is on disk, or has been told not to be. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Writes what is not written yet, and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#write();
    await this.#file.close();
  }

  #change(clientId: string): void {
    this.#changed.add(clientId);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  async #write(): Promise<void> {
    try {
      // After the inputs of this round, so that what changes together is written together.
      await Promise.resolve();
      while (this.#changed.size > 0) {
        const clientIds = [...this.#changed].slice(0, BATCH);
        for (const clientId of clientIds) this.#changed.delete(clientId);
        try {
          await this.#append(this.#file, clientIds);
        } catch (error) {
          for (const clientId of clientIds) this.#changed.add(clientId);
          throw error;
        }
        this.#lines += clientIds.length;
        if (this.#lines > 2 * this.#memory.size + MOST_PAST_LINES) await this.#writeAnew();
      }
    } catch (error) {
      this.#onFailure(error as Error);
    }
  }

  async #append(file: FileHandle, clientIds: readonly string[]): Promise<void> {
    const memory = this.#memory;
    const lines = clientIds.map((clientId) => {
      const [remembered, forSeconds] = [memory.load(clientId), memory.secondsOf(clientId)];
      return lineFor({ clientId, remembered, forSeconds });
    });
    await file.appendFile(lines.join(''));
    await file.datasync();
  }

  /** The old file stays whole until the new one is on disk and has taken its name. */
  async #writeAnew(): Promise<void> {
    const newPath = `${this.#path}.new`;
    const file = await open(newPath, 'w', MODE);
    const clientIds = [...this.#memory.clientIds()];
    try {
      for (let i = 0; i < clientIds.length; i += BATCH)
        await this.#append(file, clientIds.slice(i, i + BATCH));
      await rename(newPath, this.#path);
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.#file.close();
    this.#file = file;
    this.#lines = clientIds.length;
  }
}
