/** Several rounds of one scenario against one broker, as the median and the range of each figure. */

/** What proves a loss, a change of order, a copy too many, or a message that is not as it was sent. */
const FAULTS = ['missing', 'gaps', 'dups', 'wrong'];

/** @returns {Record<string, { median: number, min: number, max: number }>} */
export function summarize(results) {
  const names = Object.keys(results[0] ?? {}).filter((name) => typeof results[0][name] === 'number');
  return Object.fromEntries(
    names.map((name) => [name, spreadOf(results.map((result) => result[name]).filter(Number.isFinite))]),
  );
}

export function spreadOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** @param {number} part such as 0.99 */
export function percentileOf(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** Messages missing, out of order or doubled in any round, as `missing=3 dups=1`; empty: none. */
export function faultsOf(results) {
  return FAULTS.map((name) => [name, results.reduce((sum, result) => sum + Math.abs(result[name] ?? 0), 0)])
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}=${count}`)
    .join(' ');
}
