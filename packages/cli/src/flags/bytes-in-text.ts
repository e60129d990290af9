/**
 * Bytes that may be no UTF-8, as text: a byte that belongs to no character stands as a lone surrogate, U+DC00 and the byte, which
 * no UTF-8 has. So the words of a command line stay strings, and a payload comes out of one as it was typed.
 */
import { isUtf8 } from 'node:buffer';

const SURROGATE = 0xdc00;
/** With the flag `u` it finds them only where they are alone. */
const STRAY_BYTE = /([\udc80-\udcff])/u;

/** @returns text from which {@link bytesOfText} makes the same bytes again */
export function textOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = bytes.subarray(at, at + characterBytes(bytes[at]!));
    const isCharacter = isUtf8(character);
    text += isCharacter ? character.toString('utf8') : String.fromCharCode(SURROGATE + bytes[at]!);
    at += isCharacter ? character.length : 1;
  }
  return text;
}

function characterBytes(first: number): number {
  if (first < 0xc0) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Whether it stands for bytes that are no UTF-8. */
export function hasStrayBytes(text: string): boolean {
  return STRAY_BYTE.test(text);
}

export function bytesOfText(text: string): Uint8Array {
  const parts = text
    .split(STRAY_BYTE)
    .map((part) => (hasStrayBytes(part) ? Buffer.of(part.charCodeAt(0) - SURROGATE) : Buffer.from(part)));
  return new Uint8Array(Buffer.concat(parts));
}

/** Reads the value of a flag that takes any bytes: as text where it is text. */
export function textOrBytes(given: string): string | Uint8Array {
  return hasStrayBytes(given) ? bytesOfText(given) : given;
}
