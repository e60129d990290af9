/** Amounts as people read them. */

const UNITS: readonly string[] = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Such as `1,023 bytes`, `1.5 KiB`, `12 MiB`. */
export function bytesText(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  const digits = unit > 0 && amount < 10 ? 1 : 0;
  return `${amount.toLocaleString('en-US', { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}

/** Such as `1 session` and `12,000 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
