/** How far a run has come, on one line of a terminal; nothing where there is none. */
export class Progress {
  #total;
  #startMs = performance.now();
  #shown = process.stderr.isTTY === true;

  /** @param {number} total */
  constructor(total) {
    this.#total = total;
  }

  /** @param {number} done @param {string} text */
  show(done, text) {
    if (!this.#shown) return;
    const left = Math.ceil(
      (((performance.now() - this.#startMs) / Math.max(done, 1)) * (this.#total - done)) / 1000,
    );
    const time = done === 0 ? '' : `, about ${Math.max(0, left)} s left`;
    process.stderr.write(`\r\x1b[K${done} of ${this.#total}${time}: ${text}`);
  }

  end() {
    if (this.#shown) process.stderr.write('\r\x1b[K');
  }
}
