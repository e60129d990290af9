/**
 * Topic names that were written before, in UTF-8: each is checked and encoded once, and then copied. A bounded number is
 * remembered.
 */
import { utf8ByteLength, writeUtf8 } from '@martlet/protocol';

/** Names remembered; then all are forgotten, so that those which come once do not stay. */
const MAXIMUM_NAMES = 1024;
/** Longer names are encoded each time. */
const MAXIMUM_LENGTH = 256;

export class TopicNames {
  readonly #byName: Map<string, Uint8Array> = new Map();
  /** The one that was looked up last, which is most likely to be the next. */
  #topicName: string | undefined;
  #bytes: Uint8Array | undefined;

  /** Whether it was written before, and so is a topic name. */
  has(topicName: string): boolean {
    if (topicName === this.#topicName) return true;
    const bytes = this.#byName.get(topicName);
    if (bytes === undefined) return false;
    this.#topicName = topicName;
    this.#bytes = bytes;
    return true;
  }

  /** A name that is about to be written, and has been checked, in UTF-8. */
  bytesOf(topicName: string): Uint8Array {
    if (this.has(topicName)) return this.#bytes!;
    const bytes = new Uint8Array(utf8ByteLength(topicName));
    writeUtf8(topicName, bytes, 0);
    if (topicName.length <= MAXIMUM_LENGTH) {
      if (this.#byName.size >= MAXIMUM_NAMES) this.#byName.clear();
      this.#byName.set(topicName, bytes);
    }
    this.#topicName = topicName;
    this.#bytes = bytes;
    return bytes;
  }
}
