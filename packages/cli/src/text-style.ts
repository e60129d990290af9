/** Colour for people, on a terminal that shows it and whose owner has not set NO_COLOR. */
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'cyan' | 'yellow' | 'red';
export type TextStyle = (style: Style, text: string) => string;

export function textStyleFor(stream: NodeJS.WriteStream): TextStyle {
  // Node.js looks at NO_COLOR, FORCE_COLOR, TERM and what the terminal can do.
  const colourful = stream.isTTY && (stream as WriteStream).hasColors();
  return colourful ? (style, text) => styleText(style, text) : (_style, text) => text;
}
