/** A line of a screen: pieces of text, each at its column. */
import type { Style, TextStyle } from '../text-style.ts';

/** A piece of a line. Its text is safe to show and no wider than its room: see `shownText`. */
export interface Span {
  /** From 0. */
  readonly column: number;
  readonly text: string;
  readonly style?: Style | undefined;
}

/** From left to right. */
export type Line = readonly Span[];

/** What of a screen a picture may use. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Each span is put at its column, so that a terminal that thinks otherwise of the width of a character shifts nothing behind it. */
export function terminalText(line: Line, style: TextStyle): string {
  let text = '';
  for (const span of line) {
    if (span.text === '') continue;
    if (span.column > 0) text += `\u001b[${span.column + 1}G`;
    text += span.style === undefined ? span.text : style(span.style, span.text);
  }
  return text;
}

/** The same line further to the right. */
export function shifted(line: Line, columns: number): Line {
  return line.map((span) => ({ ...span, column: span.column + columns }));
}
