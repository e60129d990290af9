/** What is running and how long it will take, on one line of a terminal; nothing where there is none. */
export class Progress {
  #total;
  #done = 0;
  #startMs = performance.now();
  #shown = process.stderr.isTTY === true;

  constructor(total) {
    this.#total = total;
  }

  /** @param {number} estimateMs what one step is thought to take, until steps have been seen */
  step(text, estimateMs) {
    if (this.#shown) {
      const each = this.#done === 0 ? estimateMs : (performance.now() - this.#startMs) / this.#done;
      const left = Math.ceil(((this.#total - this.#done) * each) / 1000);
      const time = left >= 60 ? `${Math.floor(left / 60)} min ${left % 60} s` : `${left} s`;
      process.stderr.write(`\r\x1b[K${this.#done + 1} of ${this.#total}, ${time} left: ${text}`);
    }
    this.#done++;
  }

  end() {
    if (this.#shown) process.stderr.write('\r\x1b[K');
  }
}
