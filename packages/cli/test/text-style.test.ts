import { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { textStyleFor } from '../src/text-style.ts';

/** What Node.js sees of a terminal, without one. */
const terminal: WriteStream = Object.create(WriteStream.prototype, { isTTY: { value: true } });

test.each([
  [{}, true],
  [{ NO_COLOR: '1' }, false],
  // By no-color.org an empty one says nothing.
  [{ NO_COLOR: '' }, true],
  [{ TERM: 'dumb' }, false],
])('Colours on a terminal with %j: %s', (env, isColourful) => {
  const style = textStyleFor(terminal, { TERM: 'xterm-256color', ...env });
  expect(style('bold', 'text') !== 'text').toBe(isColourful);
});
