/**
 * How a message is printed: what `-F` asks for, made once into a list of functions that append to a buffer.
 *
 *     const format = new Format('%t %p\\n', { isPretty: false, onError: (text) => io.stderr.write(text) });
 *     format.append(buffer, message, io.wallMs());
 *
 * It prints what Mosquitto 2.0.11 prints, to the byte, and the additions of 2.1: `%d`, `%f`, and groups of digits in `%x`.
 */
import type { ByteBuffer } from './byte-buffer.ts';
import { fixedText, MOST_DECIMALS } from './c-number.ts';
import type { FieldPiece, FormatPiece } from './format-pieces.ts';
import { parseFormat } from './format-pieces.ts';
import { appendJsonMessage, jsonTimeText } from './json-message.ts';
import type { ReceivedMessage } from './received-message.ts';
import { strftime } from './strftime.ts';
import { textOfTime } from './text-of-time.ts';

export interface FormatOptions {
  /** JSON over several lines. */
  readonly isPretty: boolean;
  /** Told of a payload that is not what the format says: one line with a newline at its end. */
  readonly onError: (text: string) => void;
}

/** Appends a part of what is printed. @param wallMs when the message came, in ms since 1970 */
type AppendPiece = (buffer: ByteBuffer, message: ReceivedMessage, wallMs: number) => void;

export class Format {
  readonly #pieces: readonly AppendPiece[];

  /** @throws {UsageError} for a format that cannot be meant */
  constructor(format: string, options: FormatOptions) {
    this.#pieces = parseFormat(format).map((piece) => appenderOf(piece, options));
  }

  /** @param wallMs when the message came, in ms since 1970 */
  append(buffer: ByteBuffer, message: ReceivedMessage, wallMs: number): void {
    for (let i = 0; i < this.#pieces.length; i++) this.#pieces[i]!(buffer, message, wallMs);
  }
}

const BLANK = 0x20;
const ZERO = 0x30;
const LOWER_DIGITS: Readonly<Uint8Array> = Buffer.from('0123456789abcdef');
const UPPER_DIGITS: Readonly<Uint8Array> = Buffer.from('0123456789ABCDEF');

function appenderOf(piece: FormatPiece, options: FormatOptions): AppendPiece {
  switch (piece.kind) {
    case 'text': {
      const bytes = Buffer.from(piece.text);
      return (buffer) => buffer.appendBytes(bytes);
    }
    case 'time':
      return piece.letter === 'N'
        ? (buffer, _message, wallMs) => buffer.appendText(nanosecondsText(wallMs))
        : perSecond((time) => strftime(piece.letter, time));
    case 'field':
      return fieldAppender(piece, options);
  }
}

function fieldAppender(piece: FieldPiece, options: FormatOptions): AppendPiece {
  const { letter } = piece;
  const number = NUMBERS[letter];
  if (number !== undefined) return (buffer, message) => appendNumber(buffer, number(message), piece);
  const text = TEXTS[letter];
  if (text !== undefined) return (buffer, message) => appendString(buffer, text(message), piece);
  switch (letter) {
    case 'D':
      return (buffer, { properties: { correlationData } }) => {
        if (correlationData !== undefined) buffer.appendBytes(correlationData);
      };
    case 'd':
    case 'f':
      return (buffer, message) => appendFloat(buffer, message, piece, options);
    case 'I': {
      const secondText = textOfTime((second) => isoText(new Date(second * 1000)));
      return (buffer, _message, wallMs) => appendString(buffer, secondText(Math.floor(wallMs / 1000)), piece);
    }
    case 'j':
    case 'J':
      return jsonAppender(letter === 'J', options);
    case 'p':
      return (buffer, { payload }) => appendPayload(buffer, payload, piece);
    case 'x':
    case 'X':
      return (buffer, { payload }) => appendHexPayload(buffer, payload, piece);
    case 'P':
      return (buffer, { properties: { userProperties = [] } }) =>
        buffer.appendText(userProperties.map(([key, value]) => `${key}:${value}`).join(' '));
    case 'U':
      return (buffer, _message, wallMs) =>
        buffer.appendText(`${Math.floor(wallMs / 1000)}.${nanosecondsText(wallMs)}`);
    default:
      // 'q' and 'r', which take no width.
      return (buffer, { qos, retain }) => buffer.appendByte(ZERO + (letter === 'q' ? qos : Number(retain)));
  }
}

const NUMBERS: Readonly<Record<string, (message: ReceivedMessage) => number | undefined>> = {
  A: ({ properties }) => properties.topicAlias,
  E: ({ properties }) => properties.messageExpiryInterval,
  F: ({ properties }) => properties.payloadFormatIndicator,
  l: ({ payload }) => payload.length,
  m: ({ packetId }) => packetId ?? 0,
  S: ({ properties }) => properties.subscriptionIdentifiers?.[0],
};

const TEXTS: Readonly<Record<string, (message: ReceivedMessage) => string | undefined>> = {
  C: ({ properties }) => properties.contentType,
  R: ({ properties }) => properties.responseTopic,
  t: ({ topicName }) => topicName,
};

/** What only changes with the second is made once in each. */
function perSecond(textAt: (time: Date) => string): AppendPiece {
  const text = textOfTime((second) => textAt(new Date(second * 1000)));
  return (buffer, _message, wallMs) => buffer.appendText(text(Math.floor(wallMs / 1000)));
}

/** Such as `2026-11-20T19:49:09+0100`. */
function isoText(time: Date): string {
  return `${strftime('F', time)}T${strftime('T', time)}${strftime('z', time)}`;
}

/** Nine digits, of which the clock knows fewer. */
function nanosecondsText(wallMs: number): string {
  return String(Math.floor((wallMs % 1000) * 1e6)).padStart(9, '0');
}

/** Where there is no number, the field is filled all the same. */
function appendNumber(
  buffer: ByteBuffer,
  number: number | undefined,
  { width, isLeft, isZeroPadded }: FieldPiece,
): void {
  if (number === undefined) {
    buffer.appendRepeated(isZeroPadded ? ZERO : BLANK, width);
    return;
  }
  const text = String(number);
  const missing = width - text.length;
  if (!isLeft) buffer.appendRepeated(isZeroPadded ? ZERO : BLANK, missing);
  buffer.appendText(text);
  if (isLeft) buffer.appendRepeated(BLANK, missing);
}

/** Widths are counted in bytes, and a character may be cut. There are no zeros in front of text. */
function appendString(
  buffer: ByteBuffer,
  text: string | undefined,
  { letter, width, precision, isLeft }: FieldPiece,
): void {
  if (text === undefined) {
    // Without a Response Topic there is no field, whatever its width.
    if (letter !== 'R') buffer.appendRepeated(BLANK, width);
  } else if (width === 0 && precision < 0) buffer.appendText(text);
  else {
    const bytes = Buffer.from(text);
    const shown = precision < 0 ? bytes : bytes.subarray(0, precision);
    const missing = width - shown.length;
    if (!isLeft) buffer.appendRepeated(BLANK, missing);
    buffer.appendBytes(shown);
    if (isLeft) buffer.appendRepeated(BLANK, missing);
  }
}

/** A width says how many bytes there are, no more and no less. */
function appendPayload(
  buffer: ByteBuffer,
  payload: Uint8Array,
  { width, isLeft, isZeroPadded }: FieldPiece,
): void {
  if (width === 0) {
    buffer.appendBytes(payload);
    return;
  }
  const missing = width - payload.length;
  if (!isLeft) buffer.appendRepeated(isZeroPadded ? ZERO : BLANK, missing);
  buffer.appendBytes(missing < 0 ? payload.subarray(0, width) : payload);
  if (isLeft) buffer.appendRepeated(BLANK, missing);
}

/** With a width, only half of the bytes that it would have room for are shown: scripts may count on it. */
function appendHexPayload(buffer: ByteBuffer, payload: Uint8Array, piece: FieldPiece): void {
  const { letter, width, precision, isLeft, isZeroPadded, separator } = piece;
  const digits = letter === 'x' ? LOWER_DIGITS : UPPER_DIGITS;
  const shown = width === 0 ? payload : payload.subarray(0, Math.floor(Math.min(width, payload.length) / 2));
  const missing = width - shown.length * 2;
  if (!isLeft) buffer.appendRepeated(isZeroPadded ? ZERO : BLANK, missing);
  if (precision <= 0) buffer.appendHex(shown, digits);
  else {
    const hex = Buffer.from(shown).toString('hex');
    const groups = hex.match(new RegExp(`.{1,${precision}}`, 'g')) ?? [];
    const text = groups.join(separator);
    buffer.appendText(letter === 'x' ? text : text.toUpperCase());
  }
  if (isLeft) buffer.appendRepeated(BLANK, missing);
}

/** The payload as a number of C, in the order of bytes of most processors. */
function appendFloat(
  buffer: ByteBuffer,
  { payload, topicName }: ReceivedMessage,
  { letter, width, precision, isLeft, isZeroPadded }: FieldPiece,
  { onError }: FormatOptions,
): void {
  const size = letter === 'f' ? 4 : 8;
  if (payload.length !== size) {
    onError(
      `Error: Expected ${size} bytes for %${letter}, got a payload of ${payload.length} on topic ${topicName}.\n`,
    );
    return;
  }
  const view = new DataView(payload.buffer, payload.byteOffset, size);
  const value = letter === 'f' ? view.getFloat32(0, true) : view.getFloat64(0, true);
  const text = fixedText(value, precision < 0 ? 6 : Math.min(precision, MOST_DECIMALS));
  const missing = width - text.length;
  if (isLeft || !isZeroPadded || !Number.isFinite(value)) {
    if (!isLeft) buffer.appendRepeated(BLANK, missing);
    buffer.appendText(text);
    if (isLeft) buffer.appendRepeated(BLANK, missing);
  } else {
    const sign = text.startsWith('-') ? '-' : '';
    buffer.appendText(`${sign}${text.slice(sign.length).padStart(width - sign.length, '0')}`);
  }
}

function jsonAppender(isPayloadJson: boolean, { isPretty, onError }: FormatOptions): AppendPiece {
  const options = { isPretty, isPayloadJson, timeText: textOfTime(jsonTimeText) };
  return (buffer, message, wallMs) => {
    if (!appendJsonMessage(buffer, message, wallMs, options))
      onError(`Error: Message payload is not valid JSON on topic ${message.topicName}.\n`);
  };
}
