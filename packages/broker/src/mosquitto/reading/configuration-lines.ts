/**
 * The lines of a `mosquitto.conf`: a name, spaces, and a value that is the rest of the line.
 *
 * A comment has its `#` as the first character of the line. Spaces before a name do not matter; a tab is a part of the name. There
 * are no quotes, no `=`, and no lines that go on in the next one.
 */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';

/** Where something stands. */
export interface Place {
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
}

export interface ConfigurationLine extends Place {
  readonly name: string;
  /** As it stands there, without spaces in front and without the end of the line; empty: there is none. */
  readonly value: string;
}

/** Mosquitto's longest value. */
const LONGEST_VALUE_BYTES = 65_535;
const NEW_LINE = 0x0a;
const HASH = 0x23;
const SPACE = 0x20;

/** What is wrong with a line is added to `problems`, and the line left out. */
export function configurationLines(
  file: string,
  bytes: Uint8Array,
  problems: ConfigurationProblem[],
): readonly ConfigurationLine[] {
  const lines: ConfigurationLine[] = [];
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    const newLine = bytes.indexOf(NEW_LINE, start);
    const end = newLine < 0 ? bytes.length : newLine;
    number++;
    const line = lineOf({ file, line: number }, bytes.subarray(start, end), problems);
    if (line !== undefined) lines.push(line);
    start = end + 1;
  }
  return lines;
}

function lineOf(
  place: Place,
  bytes: Uint8Array,
  problems: ConfigurationProblem[],
): ConfigurationLine | undefined {
  // What a comment is written in does not matter.
  if (bytes[0] === HASH || bytes.every((byte) => byte === SPACE)) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    problems.push(problemAt(place, '', 'not-utf8', 'expected UTF-8, got bytes that are none'));
    return undefined;
  }
  text = text.replace(/[\r\n]+$/, '').replace(/^ +/, '');
  if (text === '') return undefined;
  if (text.includes('\0')) {
    problems.push(problemAt(place, '', 'bad-value', 'expected text, got a character U+0000'));
    return undefined;
  }
  const space = text.indexOf(' ');
  const name = space < 0 ? text : text.slice(0, space);
  const value = space < 0 ? '' : text.slice(space).replace(/^ +/, '');
  const valueBytes = Buffer.byteLength(value);
  if (valueBytes > LONGEST_VALUE_BYTES) {
    const expected = `expected at most ${LONGEST_VALUE_BYTES} bytes, got ${valueBytes}`;
    problems.push(problemAt(place, shortened(name), 'bad-value', expected));
    return undefined;
  }
  return { ...place, name, value };
}

export function problemAt(
  { file, line }: Place,
  key: string,
  code: string,
  text: string,
  severity: 'error' | 'notice' = 'error',
): ConfigurationProblem {
  return { file, line, key, severity, code, text };
}

const LONGEST_SHOWN = 60;

/** So much of a text from a file that a message stays one line. */
export function shortened(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

/** A text from a file, in quotes and without control characters. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}
