/** Where the messages of `pub` come from: a value that is sent once or again, lines, or records of JSON or CSV. */
import type { InputMessage } from '../messages/input-message.ts';

/** How far it is. */
export interface SourceProgress {
  readonly done: number;
  /** 0 where nobody knows. */
  readonly total: number;
  /** What is counted; undefined: bytes. */
  readonly noun?: string;
}

export interface MessageSource {
  readonly progress: SourceProgress;
  /**
   * The next messages, in order; undefined when there are no more.
   * @throws {CommandFailure} for input that cannot be read
   */
  next(): Promise<readonly InputMessage[] | undefined>;
  /** Reads no more. A call of `next` that waits ends, with no messages. */
  close(): void;
}
