/** Each line of JSON, or each record of CSV, is a message with its topic and properties. */
import { TextDecoder } from 'node:util';
import { CommandFailure } from '../command-failure.ts';
import { CsvRecords } from '../messages/csv-input.ts';
import { CsvColumns } from '../messages/csv-input-columns.ts';
import { InputLines } from '../messages/input-lines.ts';
import type { InputDefaults, InputMessage } from '../messages/input-message.ts';
import { InputError } from '../messages/input-message.ts';
import { JsonMessages } from '../messages/ndjson-input.ts';
import type { InputStream } from './input-stream.ts';
import type { MessageSource, SourceProgress } from './message-source.ts';

/** Turns bytes into messages, one record after the other. */
export interface RecordReader {
  /**
   * @param each called with the line on which a record begins and what makes its message, which may throw an `InputError`
   * @throws {InputError} for what makes all that follows unreadable
   */
  push(bytes: Uint8Array, each: OnRecord): void;
  end(each: OnRecord): void;
}

export type OnRecord = (line: number, make: () => InputMessage) => void;

export class RecordSource implements MessageSource {
  /** Lines that were left out. */
  skipped = 0;
  readonly #input: InputStream;
  readonly #reader: RecordReader;
  /** Brings the payload into the form in which it is sent. */
  readonly #encode: (message: InputMessage) => InputMessage;
  /** Told of a line that is left out; undefined: the first one ends it all. */
  readonly #onSkipped: ((text: string) => void) | undefined;
  #isOver = false;

  constructor(
    input: InputStream,
    reader: RecordReader,
    encode: (message: InputMessage) => InputMessage,
    onSkipped: ((text: string) => void) | undefined,
  ) {
    this.#encode = encode;
    this.#input = input;
    this.#reader = reader;
    this.#onSkipped = onSkipped;
  }

  get progress(): SourceProgress {
    return this.#input.progress;
  }

  async next(): Promise<readonly InputMessage[] | undefined> {
    if (this.#isOver) return undefined;
    const messages: InputMessage[] = [];
    const each: OnRecord = (line, make) => this.#take(line, make, messages);
    const bytes = await this.#input.next();
    try {
      if (bytes !== undefined) this.#reader.push(bytes, each);
      else {
        this.#isOver = true;
        this.#reader.end(each);
      }
    } catch (error) {
      if (error instanceof InputError)
        throw new CommandFailure(`${this.#input.name}: ${error.message}`, { cause: error });
      throw error;
    }
    return this.#isOver && messages.length === 0 ? undefined : messages;
  }

  #take(line: number, make: () => InputMessage, messages: InputMessage[]): void {
    try {
      messages.push(this.#encode(make()));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const text = `${this.#input.name}, line ${line}: ${error.message}`;
      if (this.#onSkipped === undefined)
        throw new CommandFailure(`${text}; --skip-bad-lines goes on without such lines`, { cause: error });
      this.skipped++;
      this.#onSkipped(text);
    }
  }

  close(): void {
    this.#isOver = true;
    this.#input.close();
  }
}

export class JsonReader implements RecordReader {
  readonly #messages: JsonMessages;
  readonly #lines: InputLines = new InputLines();
  readonly #decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true });
  #line = 0;

  constructor(defaults: InputDefaults) {
    this.#messages = new JsonMessages(defaults);
  }

  push(bytes: Uint8Array, each: OnRecord): void {
    for (const line of this.#lines.push(bytes)) this.#take(line, each);
  }

  end(each: OnRecord): void {
    const last = this.#lines.end();
    if (last !== undefined) this.#take(last, each);
  }

  #take(bytes: Uint8Array, each: OnRecord): void {
    this.#line++;
    // Between records, people leave lines empty.
    if (bytes.length === 0) return;
    each(this.#line, () => this.#messages.messageFrom(decoded(this.#decoder, bytes)));
  }
}

export class CsvReader implements RecordReader {
  readonly #defaults: InputDefaults;
  readonly #records: CsvRecords = new CsvRecords();
  readonly #decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #columns: CsvColumns | undefined;

  constructor(defaults: InputDefaults) {
    this.#defaults = defaults;
  }

  push(bytes: Uint8Array, each: OnRecord): void {
    this.#take(decoded(this.#decoder, bytes, { stream: true }), each);
  }

  end(each: OnRecord): void {
    this.#take(decoded(this.#decoder, new Uint8Array(0)), each);
    const last = this.#records.end();
    if (last !== undefined) this.#each(last.line, last.fields, each);
  }

  #take(text: string, each: OnRecord): void {
    for (const { line, fields } of this.#records.push(text)) this.#each(line, fields, each);
  }

  #each(line: number, fields: readonly string[], each: OnRecord): void {
    const columns = this.#columns;
    if (columns === undefined) this.#columns = new CsvColumns(fields, this.#defaults);
    else each(line, () => columns.messageFrom(fields));
  }
}

/** @throws {InputError} */
function decoded(decoder: TextDecoder, bytes: Uint8Array, options?: { readonly stream: boolean }): string {
  try {
    return decoder.decode(bytes, options);
  } catch (error) {
    throw new InputError('expected text in UTF-8, got other bytes', { cause: error });
  }
}
