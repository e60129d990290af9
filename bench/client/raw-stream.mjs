/**
 * The bytes of a connection, taken apart into packets at the least cost: `onPacket(bytes, start, body, end)`, where `start` is the
 * packet's first byte and `body` the first one after its length. The bytes belong to the caller only during the call.
 */
export class RawStream {
  #onPacket;
  #rest = null;

  constructor(onPacket) {
    this.#onPacket = onPacket;
  }

  push(chunk) {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const body = bodyOf(bytes, at);
      if (body < 0) break;
      const end = body + lengthOf(bytes, at);
      if (end > bytes.length) break;
      this.#onPacket(bytes, at, body, end);
      at = end;
    }
    this.#rest = at === bytes.length ? null : bytes.subarray(at);
  }
}

/** Where the remaining length ends, or -1 while it has not come whole. */
function bodyOf(bytes, start) {
  for (let at = start + 1; at < bytes.length; at++) if (bytes[at] < 128) return at + 1;
  return -1;
}

function lengthOf(bytes, start) {
  let length = 0;
  for (let at = start + 1, shift = 0; ; at++, shift += 7) {
    length |= (bytes[at] & 127) << shift;
    if (bytes[at] < 128) return length;
  }
}
