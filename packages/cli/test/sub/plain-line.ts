// A line as it looks, for tests in which each character takes a column.

import type { Line } from '../../src/terminal/line.ts';

export function plainLine(line: Line): string {
  let text = '';
  for (const span of line) text = text.padEnd(span.column).slice(0, span.column) + span.text;
  return text.trimEnd();
}
