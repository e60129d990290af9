/**
 * The language of `-F`, read once: text, fields of a message, and parts of the time of its arrival.
 *
 *     %[-][0][width][.precision[separator]]letter    @letter    \letter
 *
 * What it means is Mosquitto's; what each field prints is in `format.ts`.
 */
import { UsageError } from '../usage-error.ts';

/** What stands for itself. */
export interface TextPiece {
  readonly kind: 'text';
  readonly text: string;
}

/** A parameter of the message, or a helper. */
export interface FieldPiece {
  readonly kind: 'field';
  readonly letter: string;
  /** Blanks go behind it instead of in front. */
  readonly isLeft: boolean;
  /** Zeros go in front instead of blanks. */
  readonly isZeroPadded: boolean;
  /** Bytes at least; 0 where nothing is said. */
  readonly width: number;
  /** Bytes at most, decimals, or hexadecimal digits in a group; -1 where nothing is said. */
  readonly precision: number;
  /** Between groups of hexadecimal digits. */
  readonly separator: string;
}

/** A conversion of `strftime`, or `N`: nanoseconds of the second. */
export interface TimePiece {
  readonly kind: 'time';
  readonly letter: string;
}

export type FormatPiece = TextPiece | FieldPiece | TimePiece;

const FIELD_LETTERS = 'ACDEFIJPRSUXdfjlmpqrtx';
/** Where a precision may be followed by what stands between the groups. */
const GROUPED_LETTERS = 'xX';
const SEPARATORS = '!"#$&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
/** A width or precision beyond that is a mistake, and would take memory for nothing. */
const MOST_WIDTH = 100_000;

/** @throws {UsageError} for what cannot be meant, with the place */
export function parseFormat(format: string): readonly FormatPiece[] {
  const pieces: FormatPiece[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
  };
  for (let at = 0; at < format.length; ) {
    const start = format[at]!;
    if (start === '\\') {
      text += escapeAt(format, at);
      at += 2;
    } else if (start === '@') {
      const letter = letterAt(format, at + 1, at);
      if (letter === '@') text += '@';
      else {
        flush();
        pieces.push({ kind: 'time', letter });
      }
      at += 1 + letter.length;
    } else if (start === '%') {
      const { piece, end } = fieldAt(format, at);
      if (piece === undefined) text += '%';
      else {
        flush();
        pieces.push(piece);
      }
      at = end;
    } else {
      text += start;
      at++;
    }
  }
  flush();
  return pieces;
}

function escapeAt(format: string, at: number): string {
  const letter = format[at + 1];
  if (letter === undefined) {
    const expected = `a letter after the '\\' at the end of '${format}': one of ${Object.keys(ESCAPES).join(' ')}`;
    throw new UsageError(`expected ${expected}`, 'Incomplete escape specifier.');
  }
  const escaped = ESCAPES[letter];
  if (escaped !== undefined) return escaped;
  throw new UsageError(
    `expected one of ${Object.keys(ESCAPES).join(' ')} after '\\', got '${letter}' in '${format}'`,
    `Invalid escape specifier '${letter}'.`,
  );
}

/** A whole character, also beyond U+FFFF. */
function letterAt(format: string, at: number, start: number): string {
  const code = format.codePointAt(at);
  if (code !== undefined) return String.fromCodePoint(code);
  throw new UsageError(
    `expected a letter after '${format.slice(start)}' at the end of '${format}'`,
    'Incomplete format specifier.',
  );
}

/** The piece is undefined for a percent sign itself. */
function fieldAt(
  format: string,
  start: number,
): { readonly piece: FieldPiece | undefined; readonly end: number } {
  let at = start + 1;
  const isLeft = format[at] === '-';
  if (isLeft) at++;
  const isZeroPadded = format[at] === '0';
  if (isZeroPadded) at++;
  const widthText = digitsAt(format, at);
  at += widthText.length;
  let precisionText = '';
  let separator = ' ';
  const hasPrecision = format[at] === '.';
  if (hasPrecision) {
    precisionText = digitsAt(format, at + 1);
    at += 1 + precisionText.length;
    const next = format[at + 1];
    if (next !== undefined && SEPARATORS.includes(format[at]!) && GROUPED_LETTERS.includes(next)) {
      separator = format[at]!;
      at++;
    }
  }
  const letter = letterAt(format, at, start);
  const end = at + letter.length;
  if (letter === '%') return { piece: undefined, end };
  if (!FIELD_LETTERS.includes(letter)) throw unknownField(letter, format);
  const width = boundedNumber(widthText, format);
  const precision = hasPrecision ? boundedNumber(precisionText, format) : -1;
  return { piece: { kind: 'field', letter, isLeft, isZeroPadded, width, precision, separator }, end };
}

function digitsAt(format: string, at: number): string {
  return /^\d*/.exec(format.slice(at, at + 20))![0];
}

function boundedNumber(digits: string, format: string): number {
  const number = Number(digits);
  if (number <= MOST_WIDTH) return number;
  throw new UsageError(`expected a width of at most ${MOST_WIDTH}, got ${digits} in '${format}'`);
}

function unknownField(letter: string, format: string): UsageError {
  return new UsageError(
    `expected one of ${[...FIELD_LETTERS].join(' ')} after '%', got '${letter}' in '${format}'`,
    `Invalid format specifier '${letter}'.`,
  );
}
