import { ByteSink } from '../bytes/byte-sink.ts';

/** More are not in use at once: one gathers, one is on its way, and one is spare. */
const MAXIMUM_SPARE = 4;

/** The memory in which batches are gathered, used again when a batch is on the disk. */
export class SinkPool {
  readonly #spare: ByteSink[];

  constructor() {
    this.#spare = [];
  }

  take(): ByteSink {
    return this.#spare.pop() ?? new ByteSink();
  }

  giveBack(sink: ByteSink): void {
    if (this.#spare.length >= MAXIMUM_SPARE) return;
    sink.clear();
    this.#spare.push(sink);
  }
}
