/** Figures as people read them. */

/** Such as `12,000`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Three digits that count: `0.118`, `12.4`, `1,240`. */
export function figureText(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return '0';
  // Rounded first: 0.9996 is shown as 1.00 and not as 1.000.
  const rounded = Number(Math.abs(value).toPrecision(3));
  const digits = Math.max(0, 2 - Math.floor(Math.log10(rounded)));
  return value.toLocaleString('en-US', {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}

/** Such as `4,990/s`. */
export function rateText(perSecond: number): string {
  return `${perSecond >= 100 || Number.isInteger(perSecond) ? countText(perSecond) : figureText(perSecond)}/s`;
}

/** Such as `3 of 5,000 messages (0.06 %)`. */
export function ofAllText(part: number, all: number, noun: string, nouns = `${noun}s`): string {
  const share = all > 0 ? (part / all) * 100 : 100;
  const percent = share >= 0.01 ? figureText(share) : 'below 0.01';
  return `${countText(part)} of ${countText(all)} ${all === 1 ? noun : nouns} (${percent} %)`;
}

/** A time that somebody has set: `250 ms`, `10 s`, `1.5 s`. */
export function setTimeText(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(3))} s` : `${ms} ms`;
}

/** A time that was measured: `0.118 ms`, `12.4 ms`, `1.24 s`. */
export function durationText(ms: number): string {
  return ms >= 1000 ? `${figureText(ms / 1000)} s` : `${figureText(ms)} ms`;
}
