import { SeededRandom } from '../../../../../test/seeded-random.ts';
import type { LogFile, LogFiles } from '../../../src/stores/disk/files/log-files.ts';
import { SyncFailedError } from '../../../src/stores/disk/files/log-files.ts';
import { SECTOR_BYTES, SimulatedInode } from './simulated-inode.ts';

export interface SimulatedCall {
  readonly operation: 'list' | 'create' | 'open' | 'remove' | 'size' | 'write' | 'sync' | 'read' | 'close';
  /** Of the file; empty for the directory. */
  readonly name: string;
  /** How many calls were made before, on these files. */
  readonly index: number;
  /** Of a write. */
  readonly synced: boolean;
}

export type SimulatedFault =
  /** It fails as the system fails; of a write, some bytes may have been taken. */
  | { readonly kind: 'error'; readonly code: string }
  /**
   * A sync, or the sync in a write, fails: some of what was written is lost, and nobody will say so again. Of a removal:
   * the name is gone, and may be there again after a power cut.
   */
  | { readonly kind: 'lost-sync'; readonly code: string }
  /** It is not answered, until `answerSilentCalls`. */
  | { readonly kind: 'silent' };

export interface SimulatedFilesOptions {
  readonly seed: number;
  /** Of all files together. @default unlimited */
  readonly capacityBytes?: number;
}

/**
 * A directory on a disk that can fail in every way a disk does, the same way for the same seed. Calls are answered in
 * later microtasks, never at once.
 *
 * @example
 * const files = new SimulatedFiles({ seed: 1 });
 * files.stopAt(17); // the process ends within its 18th call
 * await Promise.race([work(files), files.whenStopped]);
 * const found = files.afterPowerCut(); // or afterKill()
 */
export class SimulatedFiles implements LogFiles {
  /** Asked at each call. */
  faultOf: (call: SimulatedCall) => SimulatedFault | undefined;
  /** Bytes of all files together. */
  capacityBytes: number;
  callCount: number;
  /** Resolves when the call at which everything stops has been made. */
  readonly whenStopped: Promise<void>;
  readonly #random: SeededRandom;
  readonly #shown: Map<string, SimulatedInode>;
  /** The names that survive a power cut. */
  readonly #onDisk: Map<string, SimulatedInode>;
  #silentCalls: (() => void)[];
  #stopAt: number;
  #isStopped: boolean;
  #stop: () => void;

  constructor(options: SimulatedFilesOptions) {
    this.faultOf = () => undefined;
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.callCount = 0;
    this.#random = new SeededRandom(options.seed);
    this.#shown = new Map();
    this.#onDisk = new Map();
    this.#silentCalls = [];
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.#isStopped = false;
    this.#stop = () => undefined;
    this.whenStopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  /** The call with this index is done in part, and from then on nothing is answered: the process has ended. */
  stopAt(callIndex: number): void {
    this.#stopAt = callIndex;
  }

  /** What the next process finds after this one was killed: all that the system had been given. */
  afterKill(): SimulatedFiles {
    this.#end();
    const next = this.#successor();
    const copies = new Map<SimulatedInode, SimulatedInode>();
    for (const [name, inode] of this.#shown) {
      const copy = inode.clone();
      copies.set(inode, copy);
      next.#shown.set(name, copy);
    }
    for (const [name, inode] of this.#onDisk) next.#onDisk.set(name, copies.get(inode) ?? inode.clone());
    return next;
  }

  /** What the next process finds after the power went: what was synced, and any part of the rest. */
  afterPowerCut(): SimulatedFiles {
    this.#end();
    const next = this.#successor();
    for (const name of new Set([...this.#shown.keys(), ...this.#onDisk.keys()])) {
      const shown = this.#shown.get(name);
      const onDisk = this.#onDisk.get(name);
      const inode = shown === onDisk || this.#random.chance(0.5) ? onDisk : shown;
      if (inode === undefined) continue;
      const found = inode.afterPowerCut(this.#random);
      next.#shown.set(name, found);
      next.#onDisk.set(name, found);
    }
    return next;
  }

  /** Silent calls are answered now, and do now what they were to do. */
  answerSilentCalls(): void {
    const calls = this.#silentCalls;
    this.#silentCalls = [];
    for (const call of calls) call();
  }

  /** The bytes of a file, as they are shown. */
  bytesOf(name: string): Uint8Array {
    return this.#inodeOf(name).shown;
  }

  flipBit(name: string, position: number, bit: number): void {
    this.#inodeOf(name).flipBit(position, bit);
  }

  truncate(name: string, length: number): void {
    this.#inodeOf(name).truncate(length);
  }

  /** A file that somebody put there. */
  put(name: string, bytes: Uint8Array): void {
    const inode = new SimulatedInode(bytes);
    this.#shown.set(name, inode);
    this.#onDisk.set(name, inode);
  }

  /** As if somebody had deleted it. */
  take(name: string): void {
    this.#shown.delete(name);
    this.#onDisk.delete(name);
  }

  get names(): readonly string[] {
    return [...this.#shown.keys()];
  }

  list(): Promise<readonly string[]> {
    return this.#call('list', '', false, () => [...this.#shown.keys()]);
  }

  create(name: string): Promise<LogFile> {
    const inode = new SimulatedInode();
    const begin = (): void => {
      if (this.#shown.has(name)) throw systemError('EEXIST');
      this.#shown.set(name, inode);
    };
    const complete = (): LogFile => {
      begin();
      this.#syncDirectory();
      return new SimulatedFile(this, name, inode);
    };
    return this.#call('create', name, false, complete, begin);
  }

  open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    return this.#call('open', name, mode === 'write', () => this.#opened(name));
  }

  openSync(name: string): LogFile {
    this.callSync('read', name);
    return this.#opened(name);
  }

  remove(name: string): Promise<void> {
    const begin = (): void => {
      this.#shown.delete(name);
    };
    const complete = (): void => {
      begin();
      this.#syncDirectory();
    };
    return this.#call('remove', name, false, complete, begin, begin);
  }

  /** @internal of a file */
  size(name: string, inode: SimulatedInode): Promise<number> {
    return this.#call('size', name, false, () => inode.shown.length);
  }

  /** @internal of a file */
  write(
    name: string,
    inode: SimulatedInode,
    bytes: Uint8Array,
    position: number,
    synced: boolean,
  ): Promise<void> {
    const complete = (): void => {
      const growth = Math.max(0, position + bytes.length - inode.shown.length);
      const room = this.capacityBytes - this.#usedBytes();
      if (growth > room) {
        const end = position + bytes.length - (growth - Math.max(0, room));
        inode.write(bytes.subarray(0, Math.max(0, end - (end % SECTOR_BYTES) - position)), position);
        throw systemError('ENOSPC');
      }
      inode.write(bytes, position);
      if (synced) inode.sync();
    };
    const take = (): void => {
      // A system takes bytes page by page, and never a part of what lies in one sector.
      const end = position + this.#random.below(bytes.length + 1);
      inode.write(bytes.subarray(0, Math.max(0, end - (end % SECTOR_BYTES) - position)), position);
    };
    const begin = (): void => {
      take();
      if (synced && this.#random.chance(0.5)) inode.syncPartly(this.#random);
    };
    const lose = (): void => {
      inode.write(bytes, position);
      inode.syncPartly(this.#random);
    };
    return this.#call('write', name, synced, complete, begin, lose, take);
  }

  /** @internal of a file */
  sync(name: string, inode: SimulatedInode): Promise<void> {
    const lose = (): void => inode.syncPartly(this.#random);
    return this.#call('sync', name, false, () => inode.sync(), lose, lose);
  }

  /** @internal of a file */
  read(name: string, inode: SimulatedInode, target: Uint8Array, position: number): Promise<number> {
    return this.#call('read', name, false, () => copyInto(target, inode, position));
  }

  /** @internal of a file */
  close(name: string): Promise<void> {
    return this.#call('close', name, false, () => undefined);
  }

  /** @internal of a file: throws as a blocking call does */
  callSync(operation: SimulatedCall['operation'], name: string): void {
    const fault = this.#faultOf(operation, name, false);
    if (this.#isStopped) throw systemError('ESTOPPED');
    if (fault?.kind === 'error') throw systemError(fault.code);
  }

  /**
   * `begin` is what may be left of a call that was not completed, `lose` what a failed sync leaves, and `refuse` what any
   * other error leaves.
   */
  async #call<T>(
    operation: SimulatedCall['operation'],
    name: string,
    synced: boolean,
    complete: () => T,
    begin: () => void = () => undefined,
    lose: () => void = () => undefined,
    refuse: () => void = () => undefined,
  ): Promise<T> {
    const isLast = this.callCount >= this.#stopAt;
    const fault = this.#faultOf(operation, name, synced);
    if (this.#isStopped) return never();
    await Promise.resolve();
    if (this.#isStopped) return never();
    if (isLast) {
      begin();
      this.#end();
      return never();
    }
    switch (fault?.kind) {
      case 'error':
        refuse();
        throw systemError(fault.code);
      case 'lost-sync':
        lose();
        throw new SyncFailedError(systemError(fault.code));
      case 'silent':
        await new Promise<void>((resolve) => this.#silentCalls.push(resolve));
        return this.#isStopped ? never() : complete();
      case undefined:
        return complete();
    }
  }

  #faultOf(operation: SimulatedCall['operation'], name: string, synced: boolean): SimulatedFault | undefined {
    return this.faultOf({ operation, name, index: this.callCount++, synced });
  }

  /** Of all names, whoever changed them. */
  #syncDirectory(): void {
    this.#onDisk.clear();
    for (const [name, inode] of this.#shown) this.#onDisk.set(name, inode);
  }

  #end(): void {
    this.#isStopped = true;
    this.#stop();
  }

  #successor(): SimulatedFiles {
    return new SimulatedFiles({ seed: this.#random.below(2 ** 32), capacityBytes: this.capacityBytes });
  }

  #opened(name: string): LogFile {
    const inode = this.#shown.get(name);
    if (inode === undefined) throw systemError('ENOENT');
    return new SimulatedFile(this, name, inode);
  }

  #inodeOf(name: string): SimulatedInode {
    const inode = this.#shown.get(name);
    if (inode === undefined) throw new Error(`expected a file ${name}, there are ${this.names.join(', ')}`);
    return inode;
  }

  #usedBytes(): number {
    return [...this.#shown.values()].reduce((sum, { shown }) => sum + shown.length, 0);
  }
}

class SimulatedFile implements LogFile {
  readonly #files: SimulatedFiles;
  readonly #name: string;
  readonly #inode: SimulatedInode;

  constructor(files: SimulatedFiles, name: string, inode: SimulatedInode) {
    this.#files = files;
    this.#name = name;
    this.#inode = inode;
  }

  size(): Promise<number> {
    return this.#files.size(this.#name, this.#inode);
  }

  write(pieces: readonly Uint8Array[], position: number, synced: boolean): Promise<void> {
    return this.#files.write(this.#name, this.#inode, Buffer.concat(pieces), position, synced);
  }

  sync(): Promise<void> {
    return this.#files.sync(this.#name, this.#inode);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#files.read(this.#name, this.#inode, target, position);
  }

  readSync(target: Uint8Array, position: number): number {
    this.#files.callSync('read', this.#name);
    return copyInto(target, this.#inode, position);
  }

  close(): Promise<void> {
    return this.#files.close(this.#name);
  }
}

function copyInto(target: Uint8Array, inode: SimulatedInode, position: number): number {
  const bytes = inode.shown.subarray(position, position + target.length);
  target.set(bytes);
  return bytes.length;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
