/**
 * Where the topics of one client are mounted: a prefix that comes before every topic name and filter it sends, and is taken
 * off those it gets. A plain prefix, as Mosquitto has it: nothing is put between it and the name.
 */
import type { Topic } from '../topics/topic.ts';

const SHARE = '$share/';
const encoder = new TextEncoder();

export class MountPoint {
  readonly prefix: string;
  readonly #bytes: Uint8Array;
  #scratch: Uint8Array;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.#bytes = encoder.encode(prefix);
    this.#scratch = this.#bytes;
  }

  /** The prefix, then `bytes[start, end)`; valid until the next call. */
  under(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const own = this.#bytes.length;
    const length = own + end - start;
    if (this.#scratch.length < length) {
      this.#scratch = new Uint8Array(length * 2);
      this.#scratch.set(this.#bytes);
    }
    this.#scratch.set(bytes.subarray(start, end), own);
    return this.#scratch.subarray(0, length);
  }

  /** A topic filter; in a shared one the prefix comes behind the share name. */
  filter(topicFilter: string): string {
    if (!topicFilter.startsWith(SHARE)) return this.prefix + topicFilter;
    const behindName = topicFilter.indexOf('/', SHARE.length) + 1;
    return behindName === 0
      ? topicFilter // no shared filter at all: it is refused as what it is
      : topicFilter.slice(0, behindName) + this.prefix + topicFilter.slice(behindName);
  }

  /** Whether the client may see the topic: something is left of its name. */
  covers({ name }: Topic): boolean {
    return name.length > this.prefix.length && name.startsWith(this.prefix);
  }

  /** The name, in UTF-8, as the client knows it. Only of a topic that is covered. */
  bytesOf(topic: Topic): Uint8Array {
    return topic.bytes.subarray(this.#bytes.length);
  }
}
