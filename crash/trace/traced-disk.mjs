/**
 * What is on the disk for certain, by a trace of the calls that wrote it: what a power cut at that moment leaves at the
 * least. A write counts from its return on if its descriptor was opened with O_DSYNC, else from the return of a sync that began
 * after it; a new file from the return of a sync of its directory.
 */
import { basename, dirname } from 'node:path';

/** @typedef {import('./strace-log.mjs').Moment} Moment */
/** @typedef {import('./strace-log.mjs').Call} Call */

/**
 * @typedef {object} TracedFile
 * @property {Buffer} durable
 * @property {{ position: number, data: Buffer }[]} written Not synced.
 * @property {boolean} hasDurableName
 */

const SYNCS = ['fsync', 'fdatasync'];
const WRITES = ['pwrite64', 'pwritev', 'pwritev2'];
const NEVER_SEEN = [
  'ftruncate',
  'rename',
  'renameat',
  'renameat2',
  'fallocate',
  'write',
  'writev',
  'link',
  'linkat',
];

export class TracedDisk {
  /** Counts the changes of what is durable. */
  version = 0;
  /** Calls that made something durable. */
  syncs = 0;
  #directory;
  /** @type {Map<string, TracedFile>} By path. */
  #files = new Map();
  /** Descriptors that were opened with O_DSYNC. @type {Set<number>} */
  #syncedDescriptors = new Set();
  /** What a sync that is under way covers, by thread. @type {Map<string, () => void>} */
  #underWay = new Map();

  /** @param {string} directory of the store */
  constructor(directory) {
    this.#directory = directory;
  }

  /** The files as they are now for certain. @returns {Map<string, Buffer>} */
  image() {
    const durable = [...this.#files].filter(([, { hasDurableName }]) => hasDurableName);
    return new Map(durable.map(([path, file]) => [basename(path), Buffer.from(file.durable)]));
  }

  /** @param {Moment} moment */
  pass({ kind, call }) {
    if (kind === 'begin') this.#onBegin(call);
    else if (call.result >= 0) this.#onEnd(call);
  }

  /** @param {Call} call */
  #onBegin(call) {
    if (!SYNCS.includes(call.name)) return;
    if (call.fdName === this.#directory) {
      const files = [...this.#files.values()];
      this.#underWay.set(call.thread, () => {
        for (const file of files) file.hasDurableName = true;
      });
      return;
    }
    const file = this.#files.get(call.fdName);
    if (file === undefined) return;
    const covered = [...file.written];
    this.#underWay.set(call.thread, () => {
      for (const { position, data } of covered) put(file, position, data);
      file.written = file.written.filter((write) => !covered.includes(write));
    });
  }

  /** @param {Call} call */
  #onEnd(call) {
    if (call.name === 'openat') this.#onOpened(call);
    else if (call.name === 'unlink' || call.name === 'unlinkat') this.#onUnlinked(call);
    else if (SYNCS.includes(call.name)) this.#onSynced(call);
    else if (WRITES.includes(call.name)) this.#onWritten(call);
    else if (NEVER_SEEN.includes(call.name) && this.#files.has(call.fdName)) {
      throw new Error(
        `the store does something that this trace does not follow: ${call.name} of ${call.fdName}`,
      );
    }
  }

  /** @param {Call} call */
  #onOpened({ args, result, resultName }) {
    if (args.includes('O_DSYNC') || args.includes('O_SYNC')) this.#syncedDescriptors.add(result);
    else this.#syncedDescriptors.delete(result);
    if (!args.includes('O_CREAT') || dirname(resultName) !== this.#directory) return;
    if (!this.#files.has(resultName)) {
      this.#files.set(resultName, { durable: Buffer.alloc(0), written: [], hasDurableName: false });
    }
  }

  /** @param {Call} call */
  #onUnlinked({ data }) {
    if (this.#files.delete(data.toString())) this.version++;
  }

  /** @param {Call} call */
  #onSynced({ thread }) {
    const cover = this.#underWay.get(thread);
    if (cover === undefined) return;
    this.#underWay.delete(thread);
    cover();
    this.version++;
    this.syncs++;
  }

  /** @param {Call} call */
  #onWritten({ name, fd, fdName, args, data, result }) {
    const file = this.#files.get(fdName);
    if (file === undefined) return;
    const numbers = args.slice(args.lastIndexOf(name === 'pwrite64' ? '"' : ']')).match(/\d+/g);
    const position = Number(numbers?.[1]);
    if (!Number.isSafeInteger(position)) throw new Error(`no position in ${name}: ${args.slice(-60)}`);
    const written = data.subarray(0, result);
    if (this.#syncedDescriptors.has(fd)) {
      put(file, position, written);
      this.version++;
      this.syncs++;
    } else {
      file.written.push({ position, data: written });
    }
  }
}

/** @param {TracedFile} file @param {number} position @param {Buffer} data */
function put(file, position, data) {
  const end = position + data.length;
  if (end > file.durable.length) {
    file.durable = Buffer.concat([file.durable, Buffer.alloc(end - file.durable.length)]);
  }
  data.copy(file.durable, position);
}
