/**
 * The words of the command line as they were typed. Node.js reads them as UTF-8, and what is none becomes U+FFFD: the payload of
 * `pub -m` would be another one. Where the system tells what the bytes were, the words are made from those.
 */
import { readFileSync } from 'node:fs';
import { textOfBytes } from './flags/bytes-in-text.ts';
import { UsageError } from './usage-error.ts';

const REPLACEMENTS = /\u{fffd}+/u;
const NUL = 0;

/** What this process was started with, each word with a NUL after it. */
export interface ProcessStart {
  readonly platform: NodeJS.Platform;
  /** @throws where it cannot be found out */
  commandLine(): Buffer;
}

const THIS_PROCESS: Readonly<ProcessStart> = {
  platform: process.platform,
  commandLine: () => readFileSync('/proc/self/cmdline'),
};

/**
 * @param words the last ones of the command line, as Node.js gives them
 * @returns them with what was no UTF-8 as `textOfBytes` makes it
 * @throws {UsageError} if nobody can tell what the bytes were
 */
export function typedWords(
  words: readonly string[],
  { platform, commandLine }: ProcessStart = THIS_PROCESS,
): readonly string[] {
  // There the words are no bytes.
  if (platform === 'win32') return words;
  let typed: readonly Buffer[];
  try {
    typed = wordsIn(commandLine()).slice(-words.length);
  } catch (error) {
    throw lostBytes(error);
  }
  const isSame = typed.length === words.length && typed.every((word, at) => isReadAs(word, words[at]!));
  if (!isSame) throw lostBytes();
  return typed.map(textOfBytes);
}

function wordsIn(commandLine: Buffer): readonly Buffer[] {
  const words: Buffer[] = [];
  for (let at = 0; at < commandLine.length; ) {
    const end = commandLine.indexOf(NUL, at);
    if (end < 0) break;
    words.push(commandLine.subarray(at, end));
    at = end + 1;
  }
  return words;
}

function isReadAs(bytes: Buffer, word: string): boolean {
  return shapeOf(bytes.toString('utf8')) === shapeOf(word);
}

/** How many replacements stand for bytes is left to whoever reads them. */
function shapeOf(word: string): string {
  return word.split(REPLACEMENTS).join('\u{fffd}');
}

function lostBytes(cause?: unknown): UsageError {
  return new UsageError(
    'expected words in UTF-8, got other bytes, which Node.js does not tell on this system; a payload may come from a file (-f) or from standard input (-s)',
    { cause },
  );
}
