/**
 * Payloads as people read them: JSON and CBOR over several lines, text as it is, and other bytes in hexadecimal. What is
 * shown cannot command the terminal.
 */
import { escapeControls } from '../escape-controls.ts';
import type { TextStyle } from '../text-style.ts';
import { cborTokensOf } from './cbor-tokens.ts';
import { jsonTextOf, jsonTokens } from './json-text.ts';
import type { MessagePrinter } from './message-printer.ts';
import { indentedText } from './pretty-text.ts';
import type { ReceivedMessage } from './received-message.ts';
import { utf8TextOf } from './utf8-text.ts';

const BYTES_PER_ROW = 16;
/** Kinds of CBOR items that nothing but CBOR is likely to begin with: lists, objects, tagged values. */
const FIRST_OF_CBOR = 0x80;
const LAST_OF_CBOR = 0xdb;

/** @param isVerbose each with its topic in front */
export function prettyPrinter(style: TextStyle, isVerbose: boolean): MessagePrinter {
  return {
    begin: () => {},
    append: (buffer, message) => {
      const text = prettyTextOf(message, style);
      const shown = text ?? rowsOfBytes(message.payload, style);
      // Columns of several rows are below each other only if all of them begin a line.
      const isBelow = text === undefined && message.payload.length > BYTES_PER_ROW;
      if (isVerbose)
        buffer.appendText(`${style('bold', escapeControls(message.topicName))}${isBelow ? '\n' : ' '}`);
      buffer.appendText(`${shown}\n`);
    },
  };
}

/** Without an end of line. */
export function prettyPayload(message: ReceivedMessage, style: TextStyle): string {
  return prettyTextOf(message, style) ?? rowsOfBytes(message.payload, style);
}

/** Undefined for what is only bytes. */
function prettyTextOf({ payload, properties }: ReceivedMessage, style: TextStyle): string | undefined {
  if (payload.length === 0) return style('dim', '(empty)');
  const json = jsonTextOf(payload);
  if (json !== undefined) return escaped(indentedText(jsonTokens(json), style));
  const first = payload[0]!;
  const isLikely = first >= FIRST_OF_CBOR && first <= LAST_OF_CBOR;
  if (isLikely || properties.contentType === 'application/cbor') {
    const tokens = cborTokensOf(payload);
    if (tokens !== undefined) return escaped(indentedText(tokens, style));
  }
  return utf8TextOf(payload)?.split('\n').map(escapeControls).join('\n');
}

/** Strings of JSON may hold DEL and C1 as they are; the colours are ours. */
function escaped(text: string): string {
  return text.replaceAll(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, escapeControls);
}

/** Such as `0010  68 65 6c 6c 6f …  hello`. */
function rowsOfBytes(bytes: Uint8Array, style: TextStyle): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_ROW) {
    const row = bytes.subarray(at, at + BYTES_PER_ROW);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    const place = style('dim', at.toString(16).padStart(4, '0'));
    rows.push(`${place}  ${hex.padEnd(BYTES_PER_ROW * 3 - 1)}  ${text.join('')}`);
  }
  return rows.join('\n');
}
