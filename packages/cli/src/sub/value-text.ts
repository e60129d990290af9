/** A payload in one line, and what number it is. */
import { cborTokensOf } from '../messages/cbor-tokens.ts';
import { shownText } from '../terminal/shown-text.ts';

/** Longer than any number that is written as one. */
const LONGEST_NUMBER = 32;
/** Bytes that may stand for four of them as a piece of text. */
const BYTES_PER_COLUMN = 4;
/** Kinds of CBOR items that nothing but CBOR is likely to begin with: lists, objects, tagged values. */
const FIRST_OF_CBOR = 0x80;
const LAST_OF_CBOR = 0xdb;

/** @returns undefined unless the payload is a decimal number and no more than that */
export function numberIn(payload: Uint8Array): number | undefined {
  const first = payload[0];
  if (first === undefined || payload.length > LONGEST_NUMBER) return undefined;
  // Most payloads that are no number do not begin like one.
  const isLikely = first <= 0x39 && (first >= 0x30 || first === 0x2b || first === 0x2d || first === 0x2e);
  if (!isLikely && first !== 0x20) return undefined;
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('latin1');
  if (!/^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Safe to show, and no wider than the columns: text as it is, with a blank for each run of blanks and ends of lines; CBOR in
 * its diagnostic notation; other bytes in hexadecimal.
 * @param isCut the payload went on
 */
export function valueText(payload: Uint8Array, columns: number, isCut: boolean): string {
  const most = columns * BYTES_PER_COLUMN;
  const hasMore = isCut || payload.length > most;
  const bytes = payload.length > most ? payload.subarray(0, most) : payload;
  const text = textOf(bytes, hasMore);
  if (text !== undefined) return shownText(text.trim().replaceAll(/\s+/g, ' '), columns, hasMore);
  const first = payload[0]!;
  const tokens =
    first >= FIRST_OF_CBOR && first <= LAST_OF_CBOR && !isCut ? cborTokensOf(payload) : undefined;
  if (tokens !== undefined) return shownText(tokens.join(' '), columns);
  return shownText(
    Buffer.from(bytes)
      .toString('hex')
      .replaceAll(/..(?=.)/g, '$& '),
    columns,
    hasMore,
  );
}

/** @param isCut a character may be cut off at the end */
function textOf(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
    // Bytes that happen to be characters, but none that are written.
    return isBinary(text) ? undefined : text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function isBinary(text: string): boolean {
  return text.includes('\0');
}
