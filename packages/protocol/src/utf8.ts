/**
 * UTF-8 Encoded Strings (section 1.5.4 of MQTT 5.0, 1.5.3 of 3.1.1) as bytes: what is valid, and the way to and from
 * JavaScript strings. The two-byte length prefix is the packet codec's business.
 *
 * MQTT 3.1 asks for Java's "modified UTF-8"; where that differs (U+0000 as C0 80, surrogate pairs as six bytes) it is
 * ill-formed UTF-8 and refused in every version, because such a string could be passed on to no 3.1.1 or 5.0 client.
 */
import { MalformedPacketError } from './protocol-error.ts';

/** The longest string or binary field: its length is a Two Byte Integer. */
export const MAXIMUM_FIELD_BYTES = 65_535;

const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true }); // [MQTT-1.5.4-3] [MQTT-1.5.3-3] 3.1.1

/** Whether `bytes[start, end)` is well-formed UTF-8 without U+0000. */
export function validateUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end) {
    const first = bytes[i]!;
    if (first < 0x80) {
      if (first === 0) return false; // [MQTT-1.5.4-2] [MQTT-1.5.3-2] 3.1.1
      i += 1;
    } else {
      const length = validSequenceLength(bytes, i, end);
      if (length === 0) return false; // [MQTT-1.5.4-1] [MQTT-1.5.3-1] 3.1.1
      i += length;
    }
  }
  return true;
}

/**
 * The length of the well-formed sequence of two to four bytes at `i`, or 0. The second byte's range excludes overlong
 * forms, the surrogates U+D800 to U+DFFF, and what lies above U+10FFFF (Unicode, table 3-7).
 */
function validSequenceLength(bytes: Uint8Array, i: number, end: number): 0 | 2 | 3 | 4 {
  const first = bytes[i]!;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (i + length > end) return 0;
  const second = bytes[i + 1]!;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let k = 2; k < length; k++) {
    if ((bytes[i + k]! & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** @throws {MalformedPacketError} unless {@link validateUtf8} finds it valid; `field` names the culprit in the message. */
export function checkUtf8(bytes: Uint8Array, start: number, end: number, field: string): void {
  if (!validateUtf8(bytes, start, end)) {
    throw new MalformedPacketError(`expected well-formed UTF-8 without U+0000 in the ${field}`);
  }
}

/**
 * The string in `bytes[start, end)`; a byte order mark stays part of it.
 *
 * @throws {MalformedPacketError} for ill-formed UTF-8 and for U+0000; `field` names the culprit in the message.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number, field: string = 'string'): string {
  checkUtf8(bytes, start, end, field);
  return decoder.decode(bytes.subarray(start, end));
}

/** How many bytes {@link writeUtf8} writes. */
export function utf8ByteLength(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) length += unit < 0x800 || isSurrogate(unit) ? 1 : 2; // a pair of surrogates is four bytes
  }
  return length;
}

/** Whether MQTT can carry the string: no U+0000 and no lone surrogate, which alone is a character of category Cs. */
export function isUtf8Encodable(text: string): boolean {
  return !/[\0\p{Cs}]/u.test(text); // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.3-1] 3.1.1 [MQTT-1.5.3-2] 3.1.1
}

/**
 * Writes the string, which must be {@link isUtf8Encodable}, at `offset` and returns the offset behind it. There must
 * be room for {@link utf8ByteLength} bytes.
 */
export function writeUtf8(text: string, bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
    } else {
      if (isSurrogate(code)) {
        i += 1;
        code = 0x10000 + ((code & 0x3ff) << 10) + (text.charCodeAt(i) & 0x3ff);
        bytes[at++] = 0xf0 | (code >> 18);
        bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
      } else {
        bytes[at++] = 0xe0 | (code >> 12);
      }
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}
