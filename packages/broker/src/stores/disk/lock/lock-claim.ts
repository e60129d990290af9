/** Claims a store's directory for this process: the protocol of store-lock.ts, where it is told and proven. */
import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { LockDirectory } from './lock-directory.ts';
import { storeInUse } from './lock-error.ts';
import type { LockHolder } from './lock-holder.ts';
import { inquire } from './lock-inquiry.ts';
import { LockSocket } from './lock-socket.ts';
import type { StoreUse } from './store-use.ts';

/** Name of a socket in the directory: its claimant's id, the number of the attempt, and whether it listens yet. */
const LOCK_NAME = /^lock\.([0-9a-f]{32})\.\d+\.(sock|new)$/;

/** Rejects with `store-in-use`, or with the system's error. */
export async function claimByFile(directory: LockDirectory, patienceMs: number): Promise<LockSocket> {
  const id = randomBytes(16).toString('hex');
  for (let attempt = 1; ; attempt++) {
    const name = `lock.${id}.${attempt}`;
    const claim = new Claim(directory, id, await announce(directory, name), patienceMs);
    if (await claim.succeeds(`${name}.sock`)) return claim.socket;
  }
}

/** Rejects with `store-in-use`, or with the system's error. */
export async function claimByPipe(directory: string, path: string, patienceMs: number): Promise<LockSocket> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    try {
      const socket = await LockSocket.listen(path);
      socket.hold(thisProcess());
      return socket;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    const answer = await inquire(path, () => {}, patienceMs);
    if (answer.kind === 'held') throw storeInUse(directory, answer.holder);
    // Else it has just gone, and the name is free.
    if (answer.kind === 'silent' || performance.now() > deadlineMs) throw storeInUse(directory, null);
  }
}

/** Who uses the store in a directory now, without a claim to it. Rejects with the system's error. */
export async function findUse(directory: LockDirectory, patienceMs: number): Promise<StoreUse> {
  const paths =
    process.platform === 'win32'
      ? [pipePath(directory.path)]
      : (await directory.list())
          .filter((name) => LOCK_NAME.exec(name)?.[2] === 'sock')
          .map((name) => directory.socketPath(name));
  let isSilent = false;
  for (const path of paths) {
    const answer = await inquire(path, () => {}, patienceMs);
    if (answer.kind === 'held') return { kind: 'held', holder: answer.holder };
    if (answer.kind === 'silent') isSilent = true;
  }
  return { kind: isSilent ? 'silent' : 'free' };
}

/** Where Windows has the named pipe of a directory. */
export function pipePath(directory: string): string {
  // Its paths are the same in upper and lower case.
  return `\\\\.\\pipe\\martlet-${createHash('sha256').update(directory.toLowerCase()).digest('hex')}`;
}

/** Makes the claim visible, under a name never used before. */
async function announce(directory: LockDirectory, name: string): Promise<LockSocket> {
  for (let again = 0; ; again++) {
    const hiddenName = again === 0 ? `${name}.new` : `${name}${again}.new`;
    try {
      return await LockSocket.announce(directory, `${name}.sock`, hiddenName);
    } catch (error) {
      // Whoever took the store just now has tidied up, and took the name that does not yet listen for a dead one's.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || again === 10) throw error;
    }
  }
}

class Claim {
  readonly socket: LockSocket;
  readonly #directory: LockDirectory;
  readonly #id: string;
  readonly #patienceMs: number;
  #withdrawn: Promise<void> | null;

  constructor(directory: LockDirectory, id: string, socket: LockSocket, patienceMs: number) {
    this.socket = socket;
    this.#directory = directory;
    this.#id = id;
    this.#patienceMs = patienceMs;
    this.#withdrawn = null;
  }

  /** Fulfils with whether this process holds the store now, or has to claim it anew. Rejects if another one holds it. */
  async succeeds(ownName: string): Promise<boolean> {
    const others: string[] = [];
    const unheard: string[] = [];
    for (const name of await this.#directory.list()) {
      const [, , state] = LOCK_NAME.exec(name) ?? [];
      if (state === 'sock' && name !== ownName) others.push(name);
      else if (state === 'new') unheard.push(name);
    }
    const settled = await Promise.allSettled(others.map((name) => this.#settle(name)));
    for (const outcome of settled) {
      if (outcome.status === 'fulfilled') continue;
      await this.#withdraw();
      throw outcome.reason;
    }
    if (this.#withdrawn !== null) {
      await this.#withdrawn;
      return false;
    }
    this.socket.hold(thisProcess());
    for (const name of unheard) await this.#directory.remove(name);
    return true;
  }

  /** Fulfils when another one is no obstacle any more. Rejects with `store-in-use` if it is one. */
  async #settle(name: string): Promise<void> {
    const onAlive = (): void => {
      const id = LOCK_NAME.exec(name)![1]!;
      if (this.#id > id) void this.#withdraw();
    };
    const answer = await inquire(this.#directory.socketPath(name), onAlive, this.#patienceMs);
    switch (answer.kind) {
      case 'held':
        throw storeInUse(this.#directory.path, answer.holder);
      case 'silent':
        throw storeInUse(this.#directory.path, null);
      case 'dead':
        return this.#directory.remove(name);
      case 'gone':
        return;
    }
  }

  #withdraw(): Promise<void> {
    if (this.#withdrawn === null) {
      this.#withdrawn = this.socket.withdraw();
      // It is waited for when the others are settled; until then its failure is nobody's.
      this.#withdrawn.catch(() => {});
    }
    return this.#withdrawn;
  }
}

function thisProcess(): LockHolder {
  return { pid: process.pid, host: hostname(), since: new Date().toISOString() };
}
