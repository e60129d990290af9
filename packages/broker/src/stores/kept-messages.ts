import type { Message } from '../core/publish/message.ts';

/**
 * Which messages a memory store keeps, each once however many wait for it. The handle that a store has in a message is
 * used as the count of what refers to it: no table is needed.
 */
export class KeptMessages {
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Of their payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  retain(message: Message): void {
    if (message.storeId++ > 0) return;
    this.#count++;
    this.#bytes += message.payload.length;
  }

  release(message: Message): void {
    if (--message.storeId > 0) return;
    this.#count--;
    this.#bytes -= message.payload.length;
  }
}
