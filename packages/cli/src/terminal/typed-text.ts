/** A line that is being typed. */
import type { Key } from './keyboard.ts';

/** Characters; more than anybody types. */
const LONGEST = 200;

/** @returns the text after the key, or undefined if the key does not change text */
export function typedText(text: string, key: Key): string | undefined {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl-u') return '';
  const typed = key === 'space' ? ' ' : key;
  // The names of keys are longer.
  if ([...typed].length !== 1) return undefined;
  return text.length < LONGEST ? text + typed : text;
}
