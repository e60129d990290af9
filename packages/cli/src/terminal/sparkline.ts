/** A row of numbers as a row of bars: `▁▃▂█`. */

const BARS = '▁▂▃▄▅▆▇█';

/**
 * The last numbers, one column each. The lowest bar is the least of them, or 0 if that is asked for.
 * @param fromZero for amounts, where half as much should look half as high
 */
export function sparkline(values: readonly number[], columns: number, fromZero = false): string {
  const shown = values.slice(Math.max(0, values.length - columns));
  const least = fromZero ? Math.min(0, ...shown) : Math.min(...shown);
  const range = Math.max(...shown) - least;
  let text = '';
  for (const value of shown) {
    // What never changes is neither high nor low.
    const share = range === 0 ? (fromZero ? 0 : 0.5) : (value - least) / range;
    // The range of very large numbers is beyond all numbers.
    text += BARS[Number.isFinite(share) ? Math.round(share * (BARS.length - 1)) : 0]!;
  }
  return text;
}
