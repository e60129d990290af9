/**
 * Where a text stops being JSON. The messages of `JSON.parse` show a piece of the text instead, and beside the fault may
 * stand a password's hash.
 */

/** After white space: a sign, a string, or another value. */
const TOKEN: string = [
  String.raw`[\t\n\r ]*(?:([{}[\],:])`,
  String.raw`("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")`,
  String.raw`(true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-]))`,
].join('|');

/** The line, from 1 on, of the first thing that cannot stand where it stands, or of the end if something is missing. */
export function lineOfJsonFault(text: string): number {
  return text.slice(0, faultAt(text)).split('\n').length;
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

function faultAt(text: string): number {
  const token = new RegExp(TOKEN, 'y');
  const open: string[] = [];
  let expected: Expected = 'value';
  for (;;) {
    const start = token.lastIndex;
    const [, sign, string, atom] = token.exec(text) ?? [];
    const next: Expected | null = afterToken(expected, open, sign, string, atom);
    if (next === null) return skipSpace(text, start);
    expected = next;
  }
}

function afterToken(
  expected: Expected,
  open: string[],
  sign: string | undefined,
  string: string | undefined,
  atom: string | undefined,
): Expected | null {
  const inObject = open.at(-1) === '{';
  if (expected === ', or end') {
    if (sign === ',' && open.length > 0) return inObject ? 'key' : 'value';
    return closes(sign, open) ? ', or end' : null;
  }
  if (expected === ':') return sign === ':' ? 'value' : null;
  if (expected === 'key' || expected === 'key or }') {
    if (string !== undefined) return ':';
    return expected === 'key or }' && closes(sign, open) ? ', or end' : null;
  }
  if (string !== undefined || atom !== undefined) return ', or end';
  if (sign === '{' || sign === '[') {
    open.push(sign);
    return sign === '{' ? 'key or }' : 'value or ]';
  }
  return expected === 'value or ]' && closes(sign, open) ? ', or end' : null;
}

/** Whether it closes what was opened last, which then is no longer open. */
function closes(sign: string | undefined, open: string[]): boolean {
  const isEnd = (sign === '}' && open.at(-1) === '{') || (sign === ']' && open.at(-1) === '[');
  if (isEnd) open.pop();
  return isEnd;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++;
  return at;
}
