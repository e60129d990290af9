/** Figures as documents show them. */

/** `0.21 (0.20–0.25)`, or the median alone after one round. */
export function spreadText(spread) {
  if (spread?.median === undefined || spread.median === null) return '–';
  const { median, min, max } = spread;
  return min === max ? valueText(median) : `${valueText(median)} (${valueText(min)}–${valueText(max)})`;
}

/** Three digits that count. */
export function valueText(number) {
  if (number === undefined || number === null || Number.isNaN(number)) return '–';
  return number < 10 ? String(Number(number.toPrecision(3))) : number.toFixed(number < 100 ? 1 : 0);
}

export function wholeText(spread) {
  return spread?.median === undefined ? '–' : Math.round(spread.median).toLocaleString('en');
}
