/** Amounts as people write them: `30s`, `1h30m`, `16MiB`; and back again. */

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  k: 1000,
  kB: 1000,
  KB: 1000,
  M: 1_000_000,
  MB: 1_000_000,
  G: 1_000_000_000,
  GB: 1_000_000_000,
  TB: 1_000_000_000_000,
  KiB: 1024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
  TiB: 1_099_511_627_776,
};

/** A part of an amount; its whole is checked before. */
const PART = '(\\d{1,15}(?:\\.\\d{1,9})?) ?([A-Za-z]+)';

/** What amounts of a unit may be written as, beside numbers; undefined: nothing. */
export function amountPattern(unit: string): string | undefined {
  if (unit === 'ms' || unit === 's') {
    const units = Object.keys(MS).join('|');
    return `^\\d{1,15}(\\.\\d{1,9})?( ?(${units})( ?\\d{1,15}(\\.\\d{1,9})? ?(${units}))*)?$`;
  }
  if (unit === 'bytes') return `^\\d{1,15}(\\.\\d{1,9})?( ?(${Object.keys(BYTES).join('|')}))?$`;
  return undefined;
}

/**
 * @param unit that of the result, and of a number alone: `ms`, `s`, `bytes`
 * @returns undefined if the text is no such amount
 */
export function parseAmount(text: string, unit: string): number | undefined {
  const pattern = amountPattern(unit);
  if (pattern === undefined || !new RegExp(pattern).test(text)) return undefined;
  if (/^[\d.]+$/.test(text)) return Number(text);
  const units = unit === 'bytes' ? BYTES : MS;
  let sum = 0;
  for (const [, digits, name] of text.matchAll(new RegExp(PART, 'g'))) sum += Number(digits) * units[name!]!;
  // Halves of a second are ms without a rest: what binary fractions add is taken off.
  return Number((unit === 's' ? sum / 1000 : sum).toFixed(6));
}

/** How an amount is best read: `10 s`, `16 MiB`, `1,000 messages`. */
export function amountText(value: number, unit: string): string {
  if (unit === 'bytes') return withUnit(value, ['TiB', 'GiB', 'MiB', 'KiB'], BYTES, 'bytes');
  if (unit === 'ms') return withUnit(value, ['h', 'min', 's'], MS, 'ms');
  return `${value.toLocaleString('en-US')}${unit === '' || unit === 'port' ? '' : ` ${unit}`}`;
}

function withUnit(
  value: number,
  names: readonly string[],
  units: Readonly<Record<string, number>>,
  smallest: string,
): string {
  const name = names.find((each) => value >= units[each]! && value % units[each]! === 0);
  const shown = name === undefined ? value : value / units[name]!;
  return `${shown.toLocaleString('en-US')} ${name ?? smallest}`;
}
