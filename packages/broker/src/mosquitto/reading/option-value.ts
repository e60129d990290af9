/** What the value of an option is, by the type in its row. */
import type { OptionRow } from '../options/option-row.ts';
import { quoted } from './configuration-lines.ts';

export type OptionValue = boolean | number | string;

export type ParsedValue =
  | { readonly value: OptionValue; readonly notice?: string }
  /** The value is not what was expected. */
  | { readonly error: string };

/** @param text the rest of the line, not empty unless the option ignores it */
export function parseOptionValue({ value, secret }: OptionRow, text: string): ParsedValue {
  const shown = secret === true ? 'another one' : quoted(text.trim());
  switch (value.type) {
    case 'text':
      return { value: text.trim() };
    case 'own':
    case 'ignored':
      return { value: text };
    case 'boolean':
      return parseBoolean(text, shown);
    case 'integer':
      return parseInteger(text, value, shown);
    case 'choice': {
      const [word = ''] = text.split(' ');
      if (!value.choices.includes(word)) {
        return { error: `expected ${value.choices.join(' or ')}, got ${shown}` };
      }
      return withRest(word, text.slice(word.length));
    }
  }
}

function parseBoolean(text: string, shown: string): ParsedValue {
  const [word = ''] = text.split(' ');
  if (word !== 'true' && word !== 'false' && word !== '1' && word !== '0') {
    return { error: `expected true or false (1 or 0), got ${shown}` };
  }
  return withRest(word === 'true' || word === '1', text.slice(word.length));
}

/** Mosquitto looks at the first word only. */
function withRest(value: OptionValue, rest: string): ParsedValue {
  const more = rest.trim();
  return more === '' ? { value } : { value, notice: `${quoted(more)} after the value has no effect` };
}

function parseInteger(
  text: string,
  {
    minimum,
    maximum,
    raises,
  }: { readonly minimum: number; readonly maximum: number; readonly raises?: true },
  shown: string,
): ParsedValue {
  const { number, rest } = readInteger(text);
  const bounds = `a whole number from ${minimum} to ${maximum}`;
  if (number < minimum && raises === true) {
    const notice = `expected ${bounds}, got ${shown}; ${minimum} is taken, as by Mosquitto`;
    // A negative number for "no limit" is common.
    return minimum <= 0 && rest === '' ? { value: minimum } : { value: minimum, notice };
  }
  if (number < minimum || number > maximum) return { error: `expected ${bounds}, got ${shown}` };
  if (rest === '') return { value: number };
  return { value: number, notice: `expected ${bounds}, got ${shown}; ${number} is taken, as by Mosquitto` };
}

/** As C's `strtol` with base 0: decimal, 0x… or 0…, and 0 if there are no digits. */
export function readInteger(text: string): { readonly number: number; readonly rest: string } {
  const [whole = '', sign = '', digits = ''] =
    /^\s*([+-]?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(text) ?? [];
  const base = /^0[xX]/.test(digits) ? 16 : digits.startsWith('0') ? 8 : 10;
  const number = digits === '' ? 0 : Number.parseInt(base === 16 ? digits.slice(2) : digits, base);
  return { number: sign === '-' && number !== 0 ? -number : number, rest: text.slice(whole.length).trim() };
}
