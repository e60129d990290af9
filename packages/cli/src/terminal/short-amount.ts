/** Amounts in few columns. */

const UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** In six columns at most: `9999`, `12.3k`, `456M`. */
export function shortAmount(amount: number): string {
  if (amount < 10_000) return String(Math.round(amount));
  let unit = 0;
  let value = amount;
  // What would be rounded to a thousand is one of the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)}${UNITS[unit]}`;
}

/** Per second: `0`, `0.3`, `12`, `12.3k`. */
export function shortRate(rate: number): string {
  if (rate === 0) return '0';
  if (rate < 0.05) return '<0.1';
  return rate < 9.95 ? rate.toFixed(1) : shortAmount(rate);
}

/** How long ago: `0s`, `59s`, `12m`, `3h`, `5d`. */
export function shortAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}
