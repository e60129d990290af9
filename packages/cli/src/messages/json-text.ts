/**
 * JSON that came as text, written anew: its order, repeated keys and numbers as they came, the layout that of the writer.
 * `JSON.parse` says whether it is JSON; what it makes of it would lose all three.
 */
import { TextDecoder } from 'node:util';
import { generalText } from './c-number.ts';
import type { JsonWriter } from './json-writer.ts';

/** Deeper than that is no message but an attack on whoever reads it. The limit is that of Mosquitto's tools. */
const MOST_DEPTH = 1000;
/** Digits beyond these say nothing that a number of 64 bits could hold. */
const MOST_DIGITS = 17;

const decoder: Readonly<TextDecoder> = new TextDecoder('utf-8', { fatal: true });

/** @returns undefined if the bytes are not JSON in UTF-8, or nested too deeply */
export function jsonTextOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    JSON.parse(text);
    return depthOf(text) > MOST_DEPTH ? undefined : text;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** @param text what `jsonTextOf` has returned */
export function writeJsonText(text: string, writer: JsonWriter): void {
  /** For each bracket that is open, whether it is that of an object. */
  const isObject: boolean[] = [];
  let isKey = false;
  for (const token of jsonTokens(text)) {
    const inObject = isObject.at(-1);
    if (token === ':') isKey = false;
    else if (token === ',') isKey = inObject === true;
    else if (token === '}' || token === ']') {
      isObject.pop();
      isKey = false;
      if (token === '}') writer.closeObject();
      else writer.closeArray();
    } else if (isKey) writer.anyKey(JSON.parse(token) as string);
    else {
      if (inObject === false) writer.element();
      if (token === '{' || token === '[') {
        isObject.push(token === '{');
        isKey = token === '{';
        if (token === '{') writer.openObject();
        else writer.openArray();
      } else if (token[0] === '"') writer.string(JSON.parse(token) as string);
      else writer.literal(/[\d-]/.test(token[0]!) ? numberText(token) : token);
    }
  }
}

/**
 * A number as Mosquitto's tools write it, which goes through a number of 64 bits; as it came where that would make another
 * number of it.
 */
export function numberText(text: string): string {
  const value = Number(text);
  const digits = text.replace(/e.*$/i, '').replace(/^-?0*\.?0*|\./g, '');
  if (!Number.isFinite(value) || digits.length > MOST_DIGITS) return text;
  const short = generalText(value, 15);
  if (Number(short) === value) return short;
  const long = generalText(value, 17);
  return isExact(value, digits) ? long : text;
}

/** Whether the digits are all that the number has to say: fewer than 17 always are. */
function isExact(value: number, digits: string): boolean {
  if (digits.length < MOST_DIGITS) return true;
  return value.toExponential(MOST_DIGITS - 1).replace(/e.*$|\.|-/g, '') === digits;
}

/** Brackets, colons, commas, strings, numbers and words. @param text which is known to be JSON */
export function* jsonTokens(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const start = text[at]!;
    let end = at + 1;
    if (start === '"') end = stringEnd(text, at);
    else if (!PUNCTUATION.includes(start)) {
      while (end < text.length && !BEHIND_LITERAL.includes(text[end]!)) end++;
    }
    if (!BLANKS.includes(start)) yield text.slice(at, end);
    at = end;
  }
}

const BLANKS = ' \t\n\r';
const PUNCTUATION: string = `{}[]:,${BLANKS}`;
const BEHIND_LITERAL: string = `}],${BLANKS}`;

/** Behind the quotation mark that ends the string. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const token of jsonTokens(text)) {
    if (token === '{' || token === '[') most = Math.max(most, ++depth);
    else if (token === '}' || token === ']') depth--;
  }
  return most;
}
