/** The files of a store, with points at which the process dies: around each write, sync, creation and removal. */

/** @typedef {import('../packages/broker/dist/stores/disk/files/log-files.js').LogFiles} LogFiles */
/** @typedef {import('../packages/broker/dist/stores/disk/files/log-files.js').LogFile} LogFile */
/** @typedef {import('./executioner.mjs').Executioner} Executioner */

/** What a disk writes wholly or not at all. */
const SECTOR_BYTES = 512;

/** @implements {LogFiles} */
export class DyingFiles {
  #files;
  #executioner;

  /** @param {LogFiles} files @param {Executioner} executioner */
  constructor(files, executioner) {
    this.#files = files;
    this.#executioner = executioner;
  }

  async list() {
    const names = await this.#files.list();
    this.#executioner.pass('recovery-begun');
    return names;
  }

  /** @param {string} name */
  async create(name) {
    const executioner = this.#executioner;
    const file = await this.#files.create(name);
    executioner.pass('segment-created');
    return new DyingFile(file, executioner, true);
  }

  /** @param {string} name @param {'read' | 'write'} mode */
  async open(name, mode) {
    return new DyingFile(await this.#files.open(name, mode), this.#executioner, false);
  }

  /** @param {string} name */
  openSync(name) {
    return this.#files.openSync(name);
  }

  /** @param {string} name */
  async remove(name) {
    this.#executioner.pass('removal-begun');
    await this.#files.remove(name);
    this.#executioner.pass('removal-ended');
  }
}

/** @implements {LogFile} */
class DyingFile {
  #file;
  #executioner;
  #isEmpty;

  /** @param {LogFile} file @param {Executioner} executioner @param {boolean} isEmpty */
  constructor(file, executioner, isEmpty) {
    this.#file = file;
    this.#executioner = executioner;
    this.#isEmpty = isEmpty;
  }

  size() {
    return this.#file.size();
  }

  /** @param {readonly Uint8Array[]} pieces @param {number} position @param {boolean} synced */
  async write(pieces, position, synced) {
    const executioner = this.#executioner;
    if (this.#isEmpty && executioner.isDue('segment-begun')) await this.#dieWriting(pieces, position);
    this.#isEmpty = false;
    if (!executioner.opening) {
      executioner.pass('write-begun');
      if (executioner.isDue('write-torn')) await this.#dieWriting(pieces, position);
      if (executioner.isDue('written')) {
        await this.#file.write(pieces, position, false);
        executioner.die();
      }
    }
    if (synced && executioner.isFor('sync-begun')) {
      // A file may sync in the call that writes: here there is a moment between.
      await this.#file.write(pieces, position, false);
      await this.sync();
      return;
    }
    await this.#file.write(pieces, position, synced);
    if (synced && !executioner.opening) executioner.pass('synced');
  }

  async sync() {
    const executioner = this.#executioner;
    if (!executioner.opening) executioner.pass('sync-begun');
    await this.#file.sync();
    if (!executioner.opening) executioner.pass('synced');
  }

  /** @param {Uint8Array} target @param {number} position */
  async read(target, position) {
    const count = await this.#file.read(target, position);
    if (this.#executioner.opening) this.#executioner.pass('recovery-reading');
    return count;
  }

  /** @param {Uint8Array} target @param {number} position */
  readSync(target, position) {
    return this.#file.readSync(target, position);
  }

  close() {
    return this.#file.close();
  }

  /** @param {readonly Uint8Array[]} pieces @param {number} position */
  async #dieWriting(pieces, position) {
    const whole = Buffer.concat(pieces);
    const end = position + Math.floor(whole.length * this.#executioner.fraction);
    const part = whole.subarray(0, Math.max(0, end - (end % SECTOR_BYTES) - position));
    if (part.length > 0) await this.#file.write([part], position, false);
    this.#executioner.die();
  }
}
