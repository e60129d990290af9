/** Messages one after the other, as a printer writes each. */
import type { Writable } from 'node:stream';
import type { MessagePrinter } from '../messages/message-printer.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { BatchedWriter } from './batched-writer.ts';
import type { Output, OutputOwner } from './output.ts';

export class LineOutput implements Output {
  readonly #writer: BatchedWriter;
  readonly #printer: MessagePrinter;

  constructor(stream: Writable, printer: MessagePrinter, owner: OutputOwner) {
    this.#writer = new BatchedWriter(stream, owner);
    this.#printer = printer;
  }

  start(): void {
    this.#printer.begin(this.#writer.buffer);
    if (this.#writer.buffer.length > 0) this.#writer.added();
  }

  message(message: ReceivedMessage, wallMs: number): void {
    this.#printer.append(this.#writer.buffer, message, wallMs);
    this.#writer.added();
  }

  end(): Promise<void> {
    return this.#writer.end();
  }
}
