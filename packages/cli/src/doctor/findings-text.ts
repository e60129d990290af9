/** What was found, for people: a line for each step with its time, and below it what to do. */
import type { TextStyle } from '../text-style.ts';
import type { Finding, FindingKind } from './finding.ts';

const STEP_COLUMNS = 12;
const TIME_COLUMNS = 10;
/** Below the text, as far as there is room. */
const INDENT: string = ' '.repeat(4 + STEP_COLUMNS + TIME_COLUMNS);

const MARKS: Readonly<Record<FindingKind, string>> = { good: '✓', warning: '!', bad: '✗' };

/** @param columns of the terminal; advice is broken between words */
export function findingText(
  { step, kind, text, advice, tookMs }: Finding,
  style: TextStyle,
  columns: number,
): string {
  const colour = kind === 'good' ? 'cyan' : kind === 'warning' ? 'yellow' : 'red';
  const time = tookMs === undefined ? '' : `${tookMs.toFixed(tookMs < 10 ? 1 : 0)} ms`;
  const line = `${style(colour, MARKS[kind])} ${step.padEnd(STEP_COLUMNS)}${style('dim', time.padStart(TIME_COLUMNS))}  ${text}\n`;
  if (advice === undefined) return line;
  return `${line}${brokenText(advice, Math.max(40, columns - INDENT.length))
    .map((each) => `${INDENT}${style('bold', each)}\n`)
    .join('')}`;
}

function brokenText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
