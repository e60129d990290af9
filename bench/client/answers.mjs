/** The four-byte packets that answer what one read brought, gathered so that they leave in one write. */
const BYTES = 16 * 1024;

export class Answers {
  #bytes = Buffer.allocUnsafe(BYTES);
  #length = 0;
  #socket;

  constructor(socket) {
    this.#socket = socket;
  }

  add(firstByte, packetId) {
    if (this.#length === BYTES) this.flush();
    this.#bytes[this.#length] = firstByte;
    this.#bytes[this.#length + 1] = 2;
    this.#bytes[this.#length + 2] = packetId >> 8;
    this.#bytes[this.#length + 3] = packetId & 255;
    this.#length += 4;
  }

  /** What is written belongs to the socket, so the next answers have memory of their own. */
  flush() {
    if (this.#length === 0) return;
    this.#socket.write(this.#bytes.subarray(0, this.#length));
    this.#bytes = Buffer.allocUnsafe(BYTES);
    this.#length = 0;
  }
}
