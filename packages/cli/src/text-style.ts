/** Colour for people, on a terminal that shows it and whose owner has not set NO_COLOR. */
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'cyan' | 'yellow' | 'red';
export type TextStyle = (style: Style, text: string) => string;

/** styleText of newer versions of Node.js would look at the environment again. */
const DECIDED = { validateStream: false } as const;

/** @param env @default that of this process */
export function textStyleFor(
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TextStyle {
  const { NO_COLOR, ...others } = env;
  // Node.js looks at NO_COLOR, FORCE_COLOR, TERM and what the terminal can do; an empty NO_COLOR says nothing (no-color.org).
  const seen = NO_COLOR === undefined || NO_COLOR === '' ? others : env;
  const colourful = stream.isTTY && (stream as WriteStream).hasColors(16, seen);
  return colourful ? (style, text) => styleText(style, text, DECIDED) : (_style, text) => text;
}
