/** What a client's process spends between two moments, and how many messages that was for. */
import { performance } from 'node:perf_hooks';

export class Meter {
  /** Messages of the whole run, warm-up included. */
  messages = 0;
  stopped = false;
  result = null;
  #task;
  #onCredit;
  #nameBytes;

  /** @param {(messages: number) => void} onCredit told after each batch of messages received */
  constructor(task, onCredit) {
    this.#task = task;
    this.#onCredit = onCredit;
    this.#nameBytes = Buffer.byteLength(`${task.prefix}/t/000`);
  }

  /** A message that arrived; one that is not as it was sent ends the run. */
  onMessage(topicNameLength, payloadLength) {
    if (payloadLength !== this.#task.bytes || topicNameLength !== this.#nameBytes) {
      throw new Error(`a message of ${payloadLength} bytes to a topic of ${topicNameLength} was never sent`);
    }
    if (++this.messages % this.#task.batch === 0) this.#onCredit(this.#task.batch);
  }

  /** Waits for the warm-up and for the time that is measured; then it is stopped. */
  async run() {
    await delay(this.#task.warmMs);
    const before = { atMs: performance.now(), cpu: process.cpuUsage(), messages: this.messages };
    await delay(this.#task.measureMs);
    const { user, system } = process.cpuUsage(before.cpu);
    const elapsedMs = performance.now() - before.atMs;
    const messages = this.messages - before.messages;
    this.stopped = true;
    this.result = {
      cpu_us_per_msg: (user + system) / messages,
      system_us_per_msg: system / messages,
      msg_per_s: (messages * 1000) / elapsedMs,
      cpu_pct: (user + system) / elapsedMs / 10,
      max_rss_mb: process.resourceUsage().maxRSS / 1024,
    };
  }
}

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
