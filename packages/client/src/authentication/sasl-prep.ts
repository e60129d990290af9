/**
 * SASLprep (RFC 4013) of a user name or a password: the form in which two spellings of one string are the same bytes.
 *
 * Done in this order, as RFC 3454 asks:
 *   1. spaces outside ASCII become U+0020 (table C.1.2), what is commonly mapped to nothing goes (table B.1);
 *   2. NFKC, as the platform's `String.prototype.normalize` does it;
 *   3. control, format, private-use, surrogate and unassigned characters, noncharacters, U+2028, U+2029, U+FFFC, U+FFFD
 *      and ideographic description characters are refused (tables C.2 to C.9, A.1);
 *   4. a string with a right-to-left character (table D.1) begins and ends with one, and has no left-to-right one (D.2).
 *
 * ASCII without control characters comes out as it went in. Instead of the RFC's tables of Unicode 3.2, of 2002, the
 * platform's properties of characters are asked, so that letters added since pass. Right to left are the letters and
 * punctuation of Hebrew, Arabic, Syriac, Thaana, NKo and Adlam, left to right all other letters, spacing marks and
 * letter-like numbers: for Unicode 3.2 that is D.1 to the letter, and D.2 without its symbols.
 */

/** One right-to-left character, in a regular expression. U+066A to U+066C belong to numbers. */
const RIGHT_TO_LEFT =
  '(?![\u066a-\u066c])(?=[\\p{L}\\p{P}\u06fd\u06fe])[\\p{sc=Hebr}\\p{sc=Arab}\\p{sc=Syrc}\\p{sc=Thaa}\\p{sc=Nkoo}\\p{sc=Adlm}\u061b\u061f\u0640]';

/** @returns the prepared string, which may be empty; undefined when it has a character that SASLprep prohibits. */
export function saslPrep(text: string): string | undefined {
  const prepared = text
    // U+200B is in both tables; it becomes a space, as in other implementations.
    .replace(/[\p{Zs}\u200b]/gu, ' ')
    .replace(/[\xad\u1806\u2060\ufeff]|\u034f|[\u180b-\u180d]|[\u200c-\u200d]|[\ufe00-\ufe0f]/gu, '')
    .normalize('NFKC');
  if (/[\p{C}\u2028\u2029\u2ff0-\u2ffb\ufffc\ufffd]/u.test(prepared)) return undefined;
  const isMixed =
    new RegExp(RIGHT_TO_LEFT, 'u').test(prepared) &&
    !new RegExp(
      `^(?!.*(?!${RIGHT_TO_LEFT})[\\p{L}\\p{Mc}\\p{Nl}])(?=${RIGHT_TO_LEFT}).*${RIGHT_TO_LEFT}$`,
      'u',
    ).test(prepared);
  return isMixed ? undefined : prepared;
}
