/** Amounts on the command line: `5000`, `10k`, `1.5M`, `64KiB`. */

import type { ValueParser } from './value-parsers.ts';
import { unexpected } from './value-parsers.ts';

const COUNT_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1000, K: 1000, M: 1_000_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  k: 1000,
  kB: 1000,
  K: 1024,
  KiB: 1024,
  M: 1_000_000,
  MB: 1_000_000,
  MiB: 1_048_576,
};

/** A whole number, also as `10k` or `2M`. */
export function amount(minimum: number, maximum: number): ValueParser<number> {
  return (given) => {
    const value = quantity(given, COUNT_UNITS);
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw unexpected(`a whole number from ${minimum} to ${maximum}, such as 500 or 10k`, given);
  };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Something a second: a number above 0, also as `0.5`, `10k`, `2M`, `500/s`, `30/m` or `10/h`. */
export function rate(maximum: number): ValueParser<number> {
  return (given) => {
    const [, count, time = 's'] = /^([^/]*)(?:\/([smh]))?$/.exec(given) ?? [];
    const value = quantity(count ?? '', COUNT_UNITS) / SECONDS[time]!;
    if (value > 0 && value <= maximum) return value;
    throw unexpected(`how many a second, above 0 and up to ${maximum}, such as 500, 10k or 30/m`, given);
  };
}

/** Bytes: `64`, `1k` (1,000), `64KiB`, `1MiB`. */
export function size(minimum: number, maximum: number): ValueParser<number> {
  return (given) => {
    const value = quantity(given, SIZE_UNITS);
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw unexpected(`bytes from ${minimum} to ${maximum}, such as 64 or 16KiB`, given);
  };
}

function quantity(given: string, units: Readonly<Record<string, number>>): number {
  const [, digits, unit] = /^(\d{1,12}\.?\d{0,9}|\.\d{1,9})([A-Za-z]*)$/.exec(given) ?? [];
  if (digits === undefined || unit === undefined || !Object.hasOwn(units, unit)) return Number.NaN;
  return Number(digits) * units[unit]!;
}
