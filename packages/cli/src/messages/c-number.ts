/** Numbers as C writes them: what `printf` makes of `%g` and `%f`. */

/** `%.<precision>g`: the shorter of the two ways, without zeros at the end. */
export function generalText(value: number, precision: number): string {
  if (!Number.isFinite(value)) return nonFiniteText(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponentText] = value.toExponential(precision - 1).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= precision) {
    const sign = exponent < 0 ? '-' : '+';
    return `${withoutZeros(digits)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return withoutZeros(value.toFixed(Math.min(100, precision - 1 - exponent)));
}

/** `%.<decimals>f`. @param decimals at most {@link MOST_DECIMALS} */
export function fixedText(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return nonFiniteText(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  // From there on, toFixed writes an exponent. Such numbers are whole.
  if (size < 1e21) return `${sign}${size.toFixed(decimals)}`;
  const whole = BigInt(size).toString();
  return decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${'0'.repeat(decimals)}`;
}

/** What `toFixed` can do. */
export const MOST_DECIMALS = 100;

function nonFiniteText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}

function withoutZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
