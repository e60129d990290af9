/** JSON, and what is like it, over several lines for people: indented, and in colours where those can be seen. */
import type { Style, TextStyle } from '../text-style.ts';

const INDENT = '  ';
const OPENING = '{[';
const CLOSING = '}]';

/**
 * @param tokens brackets, colons, commas, and between them strings in quotation marks, numbers, words, and the beginning and
 *   end of a tagged value: `1(` and `)`
 */
export function indentedText(tokens: Iterable<string>, style: TextStyle): string {
  let text = '';
  let depth = 0;
  let last = '';
  /** For each bracket that is open, whether it is that of an object. */
  const isObject: boolean[] = [];
  let isKey = false;
  for (const token of tokens) {
    const isClosing = CLOSING.includes(token);
    if (isClosing) {
      depth--;
      isObject.pop();
    }
    const isAfterOpening = last !== '' && OPENING.includes(last);
    if (isClosing ? !isAfterOpening : isAfterOpening || last === ',') text += `\n${INDENT.repeat(depth)}`;
    if (OPENING.includes(token)) {
      depth++;
      isObject.push(token === '{');
      isKey = token === '{';
    }
    if (token === ':') {
      text += ': ';
      isKey = false;
    } else if (token === ',') {
      text += ',';
      isKey = isObject.at(-1) === true;
    } else {
      const colour = styleOf(token, isKey && token !== '{' && !isClosing);
      text += colour === undefined ? token : style(colour, token);
    }
    last = token;
  }
  return text;
}

function styleOf(token: string, isKey: boolean): Style | undefined {
  if (isKey) return 'cyan';
  if (/^[-\d]/.test(token) && !token.endsWith('(')) return 'yellow';
  return /^[a-z]/i.test(token) && !token.startsWith("h'") ? 'bold' : undefined;
}
