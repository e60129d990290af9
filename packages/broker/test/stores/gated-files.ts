import type { LogFile, LogFiles } from '../../src/stores/disk/files/log-files.ts';

/** Files in which writes wait until a test lets them go on, or fail. */
export class GatedFiles implements LogFiles {
  readonly #files: LogFiles;
  #isOpen: boolean;
  #failsNext: boolean;
  #isOver: boolean;
  #removed: Promise<void>;
  readonly #waiting: (() => void)[];

  constructor(files: LogFiles) {
    this.#files = files;
    this.#isOpen = true;
    this.#failsNext = false;
    this.#isOver = false;
    this.#removed = Promise.resolve();
    this.#waiting = [];
  }

  /** From now on writes wait. */
  shut(): void {
    this.#isOpen = false;
  }

  /** What waits goes on. */
  letGo(): void {
    this.#isOpen = true;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  /** The next write finds the disk full. */
  failNext(): void {
    this.#failsNext = true;
  }

  list(): Promise<readonly string[]> {
    return this.#files.list();
  }

  async create(name: string): Promise<LogFile> {
    await this.#pass();
    return this.#gated(await this.#files.create(name));
  }

  async open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    return this.#gated(await this.#files.open(name, mode));
  }

  openSync(name: string): LogFile {
    return this.#files.openSync(name);
  }

  remove(name: string): Promise<void> {
    if (this.#isOver) return new Promise(() => undefined);
    this.#removed = this.#files.remove(name);
    return this.#removed;
  }

  /** The process that uses them is no more: nothing is removed from now on. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#removed;
  }

  #gated(file: LogFile): LogFile {
    const { write } = file;
    file.write = async (pieces, position, synced) => {
      await this.#pass();
      return write.call(file, pieces, position, synced);
    };
    return file;
  }

  async #pass(): Promise<void> {
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (!this.#failsNext) return;
    this.#failsNext = false;
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  }
}
