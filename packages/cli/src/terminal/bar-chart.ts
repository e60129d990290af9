/** Numbers as bars, some lines high. */

const EIGHTHS = ' ▁▂▃▄▅▆▇█';

/**
 * The last numbers, one column each; the least of them is the lowest bar.
 * @returns lines from above, as many as rows
 */
export function barChart(values: readonly number[], columns: number, rows: number): readonly string[] {
  const shown = values.slice(Math.max(0, values.length - columns));
  const least = Math.min(...shown);
  const range = Math.max(...shown) - least;
  const most = rows * 8;
  const heights = shown.map((value) => {
    const share = range === 0 ? 0.5 : (value - least) / range;
    // The range of very large numbers is beyond all numbers.
    return Number.isFinite(share) ? 1 + Math.round(share * (most - 1)) : 1;
  });
  return Array.from({ length: rows }, (_, row) => {
    const below = (rows - 1 - row) * 8;
    return heights.map((height) => EIGHTHS[Math.max(0, Math.min(8, height - below))]!).join('');
  });
}
