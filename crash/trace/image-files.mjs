/** The files of a store as values in memory, to be read. */

/** @typedef {import('../../packages/broker/dist/stores/disk/files/log-files.js').LogFiles} LogFiles */
/** @typedef {import('../../packages/broker/dist/stores/disk/files/log-files.js').LogFile} LogFile */

const READ_ONLY = 'an image of a store is only read';

/** @implements {LogFiles} */
export class ImageFiles {
  #contents;

  /** @param {ReadonlyMap<string, Buffer>} contents */
  constructor(contents) {
    this.#contents = contents;
  }

  async list() {
    return [...this.#contents.keys()];
  }

  /** @param {string} name */
  async open(name) {
    return this.openSync(name);
  }

  /** @param {string} name */
  openSync(name) {
    const content = this.#contents.get(name);
    if (content === undefined) throw Object.assign(new Error(`no file ${name}`), { code: 'ENOENT' });
    return new ImageFile(content);
  }

  /** @returns {Promise<LogFile>} */
  create() {
    return Promise.reject(new Error(READ_ONLY));
  }

  remove() {
    return Promise.reject(new Error(READ_ONLY));
  }
}

/** @implements {LogFile} */
class ImageFile {
  #content;

  /** @param {Buffer} content */
  constructor(content) {
    this.#content = content;
  }

  async size() {
    return this.#content.length;
  }

  /** @param {Uint8Array} target @param {number} position */
  async read(target, position) {
    return this.readSync(target, position);
  }

  /** @param {Uint8Array} target @param {number} position */
  readSync(target, position) {
    return this.#content.copy(target, 0, position, position + target.length);
  }

  write() {
    return Promise.reject(new Error(READ_ONLY));
  }

  sync() {
    return Promise.reject(new Error(READ_ONLY));
  }

  async close() {}
}
