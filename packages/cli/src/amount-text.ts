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
  const rounded = unit > 0 && amount < 10 ? Math.round(amount * 10) / 10 : Math.round(amount);
  // A list of many is written by this: what needs no comma does without the platform's slow way.
  return `${rounded < 1000 ? rounded : rounded.toLocaleString('en-US')} ${UNITS[unit]}`;
}

/** Such as `1 session` and `12,000 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
