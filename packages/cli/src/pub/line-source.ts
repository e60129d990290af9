/** Each line of the input is the payload of a message. */
import { CommandFailure } from '../command-failure.ts';
import { InputLines } from '../messages/input-lines.ts';
import type { InputMessage } from '../messages/input-message.ts';
import { InputError } from '../messages/input-message.ts';
import type { InputStream } from './input-stream.ts';
import type { MessageSource, SourceProgress } from './message-source.ts';

export class LineSource implements MessageSource {
  readonly #input: InputStream;
  readonly #make: (index: number, line: Uint8Array) => InputMessage;
  readonly #lines: InputLines = new InputLines();
  #made = 0;
  #isOver = false;

  constructor(input: InputStream, make: (index: number, line: Uint8Array) => InputMessage) {
    this.#input = input;
    this.#make = make;
  }

  get progress(): SourceProgress {
    return this.#input.progress;
  }

  async next(): Promise<readonly InputMessage[] | undefined> {
    if (this.#isOver) return undefined;
    const bytes = await this.#input.next();
    if (bytes !== undefined) return this.#lines.push(bytes).map((line) => this.#message(line));
    this.#isOver = true;
    const last = this.#lines.end();
    return last === undefined ? undefined : [this.#message(last)];
  }

  #message(line: Uint8Array): InputMessage {
    try {
      return this.#make(this.#made++, line);
    } catch (error) {
      if (error instanceof InputError)
        throw new CommandFailure(`${this.#input.name}, line ${this.#made}: ${error.message}`, {
          cause: error,
        });
      throw error;
    }
  }

  close(): void {
    this.#isOver = true;
    this.#input.close();
  }
}
