/** How many messages came in each second, one number a line, in place of the messages. */
import type { Writable } from 'node:stream';
import type { CommandIo } from '../command.ts';
import { BatchedWriter } from './batched-writer.ts';
import type { Output, OutputOwner } from './output.ts';

const INTERVAL_MS = 1000;

export class RateOutput implements Output {
  readonly #writer: BatchedWriter;
  readonly #io: CommandIo;
  #count = 0;
  #sinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Writable, io: CommandIo, owner: OutputOwner) {
    this.#writer = new BatchedWriter(stream, owner);
    this.#io = io;
  }

  start(): void {
    this.#sinceMs = this.#io.nowMs();
    this.#timer = setInterval(() => this.#tell(), INTERVAL_MS);
  }

  message(): void {
    this.#count++;
  }

  end(): Promise<void> {
    clearInterval(this.#timer);
    return this.#writer.end();
  }

  /** A timer that comes late has counted for longer. */
  #tell(): void {
    const nowMs = this.#io.nowMs();
    const perSecond = (this.#count * 1000) / (nowMs - this.#sinceMs);
    this.#count = 0;
    this.#sinceMs = nowMs;
    this.#writer.buffer.appendText(`${Math.round(perSecond)}\n`);
    this.#writer.added();
  }
}
