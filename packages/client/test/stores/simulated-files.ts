import { SeededRandom } from '../../../../test/seeded-random.ts';
import type { SessionFile, SessionFiles } from '../../src/stores/file/session-files.ts';
import type { Survival } from './simulated-inode.ts';
import { SimulatedInode } from './simulated-inode.ts';

export interface SimulatedCall {
  readonly operation:
    | 'create'
    | 'open'
    | 'rename'
    | 'remove'
    | 'syncNames'
    | 'size'
    | 'read'
    | 'write'
    | 'truncate'
    | 'sync'
    | 'close';
  /** Of the file; empty for the directory. */
  readonly name: string;
  /** How many calls were made before. */
  readonly index: number;
  /** Of a write. */
  readonly bytes: number;
}

/** It fails with this code of the system. A write takes a part; a sync loses some of what it was to keep. */
export type SimulatedFault = string;

export interface SimulatedFilesOptions {
  readonly seed?: number;
  /** What the disk writes as a whole. @default 512 */
  readonly sectorBytes?: number;
}

/**
 * A directory on a disk that can fail, and a process that can end at any call and any byte. Calls are answered in later
 * microtasks.
 *
 * @example
 * const files = new SimulatedFiles({});
 * files.stopAt(17, 5); // the process ends within its 18th call, after 5 bytes if that is a write
 * await Promise.race([work(files), files.whenStopped]);
 * const found = files.afterPowerCut('none'); // or afterKill()
 */
export class SimulatedFiles implements SessionFiles {
  /** Asked at each call. */
  faultOf: (call: SimulatedCall) => SimulatedFault | undefined;
  /** Bytes of all files together. */
  capacityBytes: number;
  readonly calls: SimulatedCall[];
  readonly whenStopped: Promise<void>;
  readonly #sectorBytes: number;
  readonly #random: SeededRandom;
  readonly #shown: Map<string, SimulatedInode>;
  /** The names that survive a power cut. */
  #onDisk: Map<string, SimulatedInode>;
  #stopAt: number;
  #stopBytes: number;
  #isStopped: boolean;
  #onStop: () => void;

  constructor(options: SimulatedFilesOptions) {
    this.faultOf = () => undefined;
    this.capacityBytes = Number.POSITIVE_INFINITY;
    this.calls = [];
    this.#sectorBytes = options.sectorBytes ?? 512;
    this.#random = new SeededRandom(options.seed ?? 1);
    this.#shown = new Map();
    this.#onDisk = new Map();
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.#stopBytes = 0;
    this.#isStopped = false;
    this.#onStop = () => undefined;
    this.whenStopped = new Promise((resolve) => {
      this.#onStop = resolve;
    });
  }

  /** Of the call with this index a part is done, if it is a write so many bytes; then nothing is answered any more. */
  stopAt(index: number, bytes = 0): void {
    this.#stopAt = index;
    this.#stopBytes = bytes;
  }

  /** What the next process on this machine finds: all that the system had been given. */
  afterKill(): SimulatedFiles {
    const next = this.#successor();
    const copies = new Map<SimulatedInode, SimulatedInode>();
    const copyOf = (inode: SimulatedInode): SimulatedInode => {
      const copy = copies.get(inode) ?? inode.clone();
      copies.set(inode, copy);
      return copy;
    };
    for (const [name, inode] of this.#shown) next.#shown.set(name, copyOf(inode));
    for (const [name, inode] of this.#onDisk) next.#onDisk.set(name, copyOf(inode));
    return next;
  }

  /** What is found when the power comes back: what was synced, and of the rest what survived. */
  afterPowerCut(survival: Survival): SimulatedFiles {
    const next = this.#successor();
    for (const name of new Set([...this.#shown.keys(), ...this.#onDisk.keys()])) {
      const isShown = survival === 'all' || (survival !== 'none' && survival.chosenBy() < 0.5);
      const inode = (isShown ? this.#shown : this.#onDisk).get(name);
      if (inode === undefined) continue;
      const found = inode.afterPowerCut(survival);
      next.#shown.set(name, found);
      next.#onDisk.set(name, found);
    }
    return next;
  }

  get names(): readonly string[] {
    return [...this.#shown.keys()];
  }

  bytesOf(name: string): Uint8Array {
    return this.#inodeOf(name).shown;
  }

  /** A file that somebody put there. */
  put(name: string, bytes: Uint8Array): void {
    const inode = new SimulatedInode(this.#sectorBytes, bytes);
    this.#shown.set(name, inode);
    this.#onDisk.set(name, inode);
  }

  pathOf(name: string): string {
    return `/data/${name}`;
  }

  create(name: string): Promise<SessionFile> {
    return this.call('create', name, 0, () => {
      const inode = this.#shown.get(name);
      inode?.truncate(0);
      if (inode === undefined) this.#shown.set(name, new SimulatedInode(this.#sectorBytes));
      return new SimulatedFile(this, name, this.#inodeOf(name));
    });
  }

  open(name: string): Promise<SessionFile | undefined> {
    return this.call('open', name, 0, () => {
      const inode = this.#shown.get(name);
      return inode && new SimulatedFile(this, name, inode);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.call('rename', from, 0, () => {
      this.#shown.set(to, this.#inodeOf(from));
      this.#shown.delete(from);
    });
  }

  remove(name: string): Promise<void> {
    return this.call('remove', name, 0, () => void this.#shown.delete(name));
  }

  syncNames(): Promise<void> {
    return this.call('syncNames', '', 0, () => {
      this.#onDisk = new Map(this.#shown);
    });
  }

  /** @internal of a file */
  write(name: string, inode: SimulatedInode, bytes: Uint8Array, position: number): Promise<void> {
    const take = (count: number): void => inode.write(bytes.subarray(0, count), position);
    return this.call(
      'write',
      name,
      bytes.length,
      () => {
        const used = [...this.#shown.values()].reduce((sum, { shown }) => sum + shown.length, 0);
        const missing = used + Math.max(0, position + bytes.length - inode.shown.length) - this.capacityBytes;
        take(bytes.length - Math.min(bytes.length, Math.max(0, missing)));
        if (missing > 0) throw systemError('ENOSPC');
      },
      () => take(this.#random.below(bytes.length + 1)),
      () => take(this.#stopBytes),
    );
  }

  /** @internal of a file */
  sync(name: string, inode: SimulatedInode): Promise<void> {
    const lose = (): void => inode.loseSync({ chosenBy: () => this.#random.next() });
    return this.call('sync', name, 0, () => inode.sync(), lose);
  }

  /** @internal `onFault` and `onStop` do what is left of a call that fails, and of one in which the process ends */
  async call<T>(
    operation: SimulatedCall['operation'],
    name: string,
    bytes: number,
    complete: () => T,
    onFault: () => void = () => undefined,
    onStop: () => void = () => undefined,
  ): Promise<T> {
    if (this.#isStopped) return never();
    const index = this.calls.length;
    const call = { operation, name, index, bytes };
    this.calls.push(call);
    const code = this.faultOf(call);
    await Promise.resolve();
    if (this.#isStopped) return never();
    if (index >= this.#stopAt) {
      onStop();
      this.#isStopped = true;
      this.#onStop();
      return never();
    }
    if (code === undefined) return complete();
    onFault();
    throw systemError(code);
  }

  #successor(): SimulatedFiles {
    this.#isStopped = true;
    return new SimulatedFiles({ seed: this.#random.below(2 ** 32), sectorBytes: this.#sectorBytes });
  }

  #inodeOf(name: string): SimulatedInode {
    const inode = this.#shown.get(name);
    if (inode === undefined) throw systemError('ENOENT');
    return inode;
  }
}

class SimulatedFile implements SessionFile {
  readonly #files: SimulatedFiles;
  readonly #name: string;
  readonly #inode: SimulatedInode;

  constructor(files: SimulatedFiles, name: string, inode: SimulatedInode) {
    this.#files = files;
    this.#name = name;
    this.#inode = inode;
  }

  size(): Promise<number> {
    return this.#files.call('size', this.#name, 0, () => this.#inode.shown.length);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#files.call('read', this.#name, target.length, () => {
      const bytes = this.#inode.shown.subarray(position, position + target.length);
      target.set(bytes);
      return bytes.length;
    });
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#files.write(this.#name, this.#inode, bytes, position);
  }

  truncate(length: number): Promise<void> {
    return this.#files.call('truncate', this.#name, 0, () => this.#inode.truncate(length));
  }

  sync(): Promise<void> {
    return this.#files.sync(this.#name, this.#inode);
  }

  close(): Promise<void> {
    return this.#files.call('close', this.#name, 0, () => undefined);
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
