/**
 * One YAML document of a text, composed by the `yaml` library within bounds. The library composes by recursion and keeps an object for
 * every word: deep nesting would end the process (V8 cannot compile a regular expression near the end of the stack), and so would many
 * words. So it is fed word by word, and stopped.
 */
import type { CST, Document, LineCounter } from 'yaml';
import { Composer, Lexer, Parser, YAMLParseError } from 'yaml';

/** Words, signs and line breaks: some 500 bytes of memory each. */
const MAXIMUM_WORDS = 400_000;

/** What the parser has begun and not ended: about two for each level. */
const MAXIMUM_OPEN = 256;

/** Thrown where a bound is reached. */
export class YamlTooLargeError extends Error {
  override readonly name = 'YamlTooLargeError';
  readonly code: 'too-deep' | 'too-large';
  /** In characters, from the beginning of the text. */
  readonly offset: number;

  constructor(code: YamlTooLargeError['code'], text: string, offset: number) {
    super(text);
    this.code = code;
    this.offset = offset;
  }
}

/**
 * @param lines is told where lines begin
 * @throws {YamlTooLargeError}
 */
export function composeYaml(text: string, lines: LineCounter): Document.Parsed {
  const composer = new Composer({
    prettyErrors: false,
    // The library compares each key with all before it.
    uniqueKeys: false,
    lineCounter: lines,
  });
  const [first, second] = composer.compose(tokensOf(text, lines), true, text.length);
  // There is always one.
  const document = first!;
  if (second !== undefined) {
    const [start] = second.range;
    document.errors.push(new YAMLParseError([start, start], 'MULTIPLE_DOCS', 'another document'));
  }
  return document;
}

function tokensOf(text: string, lines: LineCounter): readonly CST.Token[] {
  const tokens: CST.Token[] = [];
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let words = 0;
  for (const word of new Lexer().lex(text)) {
    words++;
    if (words > MAXIMUM_WORDS) throw tooLarge(parser.offset);
    for (const token of parser.next(word)) tokens.push(token);
    if (parser.stack.length > MAXIMUM_OPEN) throw tooDeep(parser.offset);
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function tooLarge(offset: number): YamlTooLargeError {
  return new YamlTooLargeError('too-large', `expected at most ${MAXIMUM_WORDS} words, got more`, offset);
}

function tooDeep(offset: number): YamlTooLargeError {
  return new YamlTooLargeError(
    'too-deep',
    'expected a few levels of nesting, got more than a hundred',
    offset,
  );
}
