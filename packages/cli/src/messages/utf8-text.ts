/** Bytes as text, if that is what they are. */
import { isUtf8 } from 'node:buffer';

/** @returns undefined if they are not well-formed UTF-8, so that the text would not be the bytes */
export function utf8TextOf(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
    : undefined;
}
