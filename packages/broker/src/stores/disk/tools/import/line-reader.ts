import { ImportError } from './import-error.ts';

/** The longest line there can be is that of a message with the longest payload there is, in base64. */
const LONGEST_LINE_BYTES = 480 * 1024 * 1024;
const NEW_LINE = 0x0a;

/** Cuts a stream of bytes into lines, with their numbers from 1 on. Empty lines are left out. */
export async function* readLines(
  stream: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<readonly [lineNumber: number, text: string]> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let lineNumber = 1;
  for await (const piece of stream) {
    const chunk =
      typeof piece === 'string'
        ? Buffer.from(piece)
        : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    let start = 0;
    for (let end = chunk.indexOf(NEW_LINE); end >= 0; end = chunk.indexOf(NEW_LINE, start)) {
      parts.push(chunk.subarray(start, end));
      const text = textOf(parts);
      if (text !== '') yield [lineNumber, text];
      lineNumber++;
      parts = [];
      partBytes = 0;
      start = end + 1;
    }
    parts.push(Buffer.from(chunk.subarray(start)));
    partBytes += chunk.length - start;
    if (partBytes > LONGEST_LINE_BYTES) {
      throw new ImportError(`expected a line of at most ${LONGEST_LINE_BYTES} bytes, got a longer one`, {
        lineNumber,
      });
    }
  }
  const text = textOf(parts);
  if (text !== '') yield [lineNumber, text];
}

function textOf(parts: readonly Buffer[]): string {
  const text = parts.length === 1 ? parts[0]!.toString('utf8') : Buffer.concat(parts).toString('utf8');
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
