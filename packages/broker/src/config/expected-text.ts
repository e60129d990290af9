/** What a row accepts, and what came instead, in the words of messages. */
import { amountPattern, amountText } from './amount-text.ts';
import type { AnyRow, TextForm } from './row.ts';
import { MAXIMUM_ENTRIES } from './row.ts';

const FORMS: Readonly<Record<TextForm, string>> = {
  plain: 'text without control characters',
  'topic-filter': 'a topic filter such as sensors/# (not of a shared subscription)',
  'topic-name': 'a topic without wildcards',
  'address-block': 'an address or a block of them such as 10.0.0.0/8',
  url: 'an address of http or https, without user and password in it',
};

/**
 * @param value what came, which decides whether bounds of lists are worth mentioning
 * @returns such as `a whole number from 1 to 65535, or a time such as 30s or 5m`. */
export function expectedText(row: AnyRow, value?: unknown): string {
  const text = expectedValue(row, value);
  return row.default === null || row.nullable === true ? `${text}, or null` : text;
}

function expectedValue(row: AnyRow, value: unknown): string {
  switch (row.kind) {
    case 'switch':
      return 'true or false';
    case 'number':
      return numberText(row);
    case 'text':
      return `${row.expected ?? FORMS[row.form ?? 'plain']}${row.orNumberFrom === undefined ? '' : `, or a whole number from ${row.orNumberFrom} on`}`;
    case 'path':
      return `${['a path', ...(row.words ?? [])].join(', or ')}${row.orFalse === true ? ', or false' : ''}`;
    case 'choice':
      return row.choices.length > 20 ? 'a known word' : listText(row.choices.map(String));
    case 'mode':
      return "permission bits in octal, in quotes, such as '0660'";
    case 'list':
      return listBounds(row, value);
    case 'section':
      return 'a section with keys';
    case 'map':
      return `a section with the name of a ${row.names} as each key`;
    case 'variants':
      return `a section with the key type, which is one of ${Object.keys(row.variants).join(', ')}`;
  }
}

function listBounds(
  { minimumEntries, maximumEntries = MAXIMUM_ENTRIES }: AnyRow & { readonly kind: 'list' },
  value: unknown,
): string {
  if (Array.isArray(value) && value.length > maximumEntries) return `a list of at most ${maximumEntries}`;
  return minimumEntries === undefined ? 'a list' : `a list of at least ${minimumEntries}`;
}

function numberText({ minimum, maximum, unit, fractions }: AnyRow & { readonly kind: 'number' }): string {
  const kind = fractions === true ? 'a number' : 'a whole number';
  const bounds = maximum >= Number.MAX_SAFE_INTEGER ? `from ${minimum} on` : `from ${minimum} to ${maximum}`;
  const counted = unit === '' || unit === 'port' ? '' : ` (${unit})`;
  if (amountPattern(unit) === undefined) return `${kind} ${bounds}${counted}`;
  const such = unit === 'bytes' ? 'a size such as 64KiB or 16MiB' : 'a time such as 30s or 5m';
  const most = maximum >= Number.MAX_SAFE_INTEGER ? '' : `, at most ${amountText(maximum, unit)}`;
  return `${kind} ${bounds}${counted}, or ${such}${most}`;
}

function listText(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A value as messages show it: short, in one line, without what would move a cursor. */
export function shownValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a section with keys';
  if (typeof value !== 'string') return String(value);
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return `'${shown.replaceAll(/\p{Cc}/gu, '\u{fffd}')}'`;
}
