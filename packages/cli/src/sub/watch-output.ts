/**
 * `--watch`: each topic has its own line on the terminal, in the order in which topics come, and shows what came last. Topics
 * beyond the height of the terminal share its last line.
 */
import type { OutputStream } from '../command.ts';
import { ByteBuffer } from '../messages/byte-buffer.ts';
import type { MessagePrinter } from '../messages/message-printer.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { BatchedWriter } from './batched-writer.ts';
import type { Output, OutputOwner } from './output.ts';

const CLEAR = '\u001b[2J\u001b[H';
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const ERASE_REST = '\u001b[K';
const BLANK = 0x20;
const DEFAULT_ROWS = 24;
/** Topics that are remembered; those beyond are on the last line anyway. */
const MOST_TOPICS = 10_000;

export class WatchOutput implements Output {
  readonly #terminal: OutputStream;
  readonly #writer: BatchedWriter;
  readonly #printer: MessagePrinter;
  readonly #line: ByteBuffer = new ByteBuffer();
  readonly #rows: Map<string, number> = new Map();
  #hasEnded = false;

  constructor(terminal: OutputStream, printer: MessagePrinter, owner: OutputOwner) {
    this.#terminal = terminal;
    this.#writer = new BatchedWriter(terminal, owner);
    this.#printer = printer;
  }

  start(): void {
    this.#writer.buffer.appendText(`${NO_WRAP}${CLEAR}`);
    this.#writer.added();
  }

  message(message: ReceivedMessage, wallMs: number): void {
    const { buffer } = this.#writer;
    this.#line.truncate(0);
    this.#printer.append(this.#line, message, wallMs);
    const bytes = this.#line.view;
    // A line that breaks would write over the next topic's.
    for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x0a || bytes[i] === 0x0d) bytes[i] = BLANK;
    buffer.appendText(`\u001b[${this.#rowOf(message.topicName)};1H`);
    buffer.appendBytes(bytes);
    buffer.appendText(ERASE_REST);
    this.#writer.added();
  }

  end(): Promise<void> {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      const last = Math.min(this.#rows.size + 1, this.#height);
      this.#writer.buffer.appendText(`\u001b[${last};1H${WRAP}`);
    }
    return this.#writer.end();
  }

  get #height(): number {
    // Some terminals say 0 when they do not know.
    return this.#terminal.rows || DEFAULT_ROWS;
  }

  #rowOf(topicName: string): number {
    let row = this.#rows.get(topicName);
    if (row === undefined) {
      row = this.#rows.size + 1;
      if (this.#rows.size < MOST_TOPICS) this.#rows.set(topicName, row);
    }
    return Math.min(row, this.#height);
  }
}
