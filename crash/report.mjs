/** The result of a run, for people. */
import { FAULT_TEXTS } from './ledger.mjs';

/** @typedef {import('./rig.mjs').RunResult} RunResult */

/**
 * @param {string} title
 * @param {RunResult} result
 */
export function resultText(title, result) {
  const { kills, points, pointsNotReached, sent, acknowledged, arrived, retainedChecked, seconds } = result;
  const atPoints = Object.values(points).reduce((sum, count) => sum + count, 0);
  const lines = [
    title,
    '',
    `died ${kills} times in ${seconds.toFixed(0)} s, ${atPoints} of them at numbered points (${Object.keys(points).length} different)`,
    `${sent} messages sent, ${acknowledged} acknowledged, ${arrived} deliveries, ${retainedChecked} looks at a retained topic`,
    '',
    ...rows(result).map(([text, count]) => `${count.toString().padStart(8)}  ${text}`),
  ];
  if (result.samples.length > 0) lines.push('', 'such as:', ...result.samples.map((text) => `  ${text}`));
  for (const name of new Set(pointsNotReached)) lines.push('', `the point "${name}" was not reached`);
  for (const [text, count] of Object.entries(result.notes)) lines.push('', `${count} × ${text}`);
  return lines.join('\n');
}

/** @param {RunResult} result @returns {[text: string, count: number][]} */
function rows({ faults }) {
  return Object.entries(FAULT_TEXTS).map(([fault, text]) => [
    text,
    faults[/** @type {import('./ledger.mjs').Fault} */ (fault)],
  ]);
}
