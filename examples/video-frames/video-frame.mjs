// A video frame as a camera would send it: as large as a JPEG, and framed like one. What stands where its picture would
// be is the same in all frames, so that whoever gets one can tell whether every byte arrived.
//
//     FF D8 │ FF FE  00 12 │ number, 8 bytes │ sent at, 8 bytes │ picture … │ FF D9
//      SOI  │  comment     │                                    │           │  EOI

const START = Uint8Array.of(0xff, 0xd8, 0xff, 0xfe, 0, 18);
const NUMBER_AT = START.length;
const SENT_AT = NUMBER_AT + 8;
const PICTURE_AT = SENT_AT + 8;
const END = Uint8Array.of(0xff, 0xd9);

/** Makes and checks the frames of one video. */
export class Video {
  /** @type {Buffer} */
  #picture;

  /** @param {number} frameBytes The size of a frame. */
  constructor(frameBytes) {
    const pictureBytes = frameBytes - PICTURE_AT - END.length;
    if (pictureBytes < 1) throw new RangeError(`a frame has at least ${PICTURE_AT + END.length + 1} bytes`);
    // Bytes without a pattern that repeats within a packet or a read.
    this.#picture = Buffer.alloc(pictureBytes);
    let state = 0x9e3779b9;
    for (let index = 0; index < pictureBytes; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      this.#picture[index] = state >>> 24;
    }
  }

  /**
   * @param {number} number
   * @param {number} sentAtMs
   * @returns {Buffer}
   */
  frame(number, sentAtMs) {
    const frame = Buffer.concat([START, Buffer.alloc(16), this.#picture, END]);
    frame.writeDoubleBE(number, NUMBER_AT);
    frame.writeDoubleBE(sentAtMs, SENT_AT);
    return frame;
  }

  /**
   * @param {Buffer} frame
   * @returns {{ number: number, sentAtMs: number } | undefined} undefined if a byte is not as it was sent
   */
  read(frame) {
    const isWhole =
      frame.length === PICTURE_AT + this.#picture.length + END.length &&
      frame.subarray(0, START.length).equals(START) &&
      frame.subarray(PICTURE_AT, -END.length).equals(this.#picture) &&
      frame.subarray(-END.length).equals(END);
    if (!isWhole) return undefined;
    return { number: frame.readDoubleBE(NUMBER_AT), sentAtMs: frame.readDoubleBE(SENT_AT) };
  }
}
