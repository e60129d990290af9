/** `martlet bench --compare a.json b.json`. */
import type { CommandIo } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import type { TextStyle } from '../text-style.ts';
import { textStyleFor } from '../text-style.ts';
import { UsageError } from '../usage-error.ts';
import type { BenchValues } from './bench-flags.ts';
import type { BenchResult } from './bench-result.ts';
import { countedNoun } from './bench-result.ts';
import { compare, namesOf, ratioText } from './comparison.ts';
import { figureText } from './figure-text.ts';
import { planText } from './plan-text.ts';
import { reportPage } from './report/report-page.ts';
import { readResult, writeText } from './result-file.ts';

/** @throws {UsageError} unless there are two files, of runs that counted the same @throws {CommandFailure} for files that are no results */
export async function compareFiles(
  paths: readonly string[],
  { html, json }: Pick<BenchValues, 'html' | 'json'>,
  io: CommandIo,
): Promise<number> {
  const [one, other] = paths;
  if (one === undefined || other === undefined) {
    throw new UsageError(
      `--compare: expected two files that --json has written, got ${paths.length === 0 ? 'none' : 'one'}`,
    );
  }
  if (json !== undefined)
    throw new UsageError('--json: expected it where something is measured, got it with --compare');
  const results = [await readResult(one), await readResult(other)] as const;
  const [first, second] = results.map(({ plan }) => countedNoun(plan));
  if (first !== second)
    throw new UsageError(
      `--compare: expected runs that count the same, got ${first}s in ${one} and ${second}s in ${other}`,
    );
  io.stdout.write(comparisonText(...results, textStyleFor(io.stdout as NodeJS.WriteStream)));
  if (html !== undefined) await writeText(html, reportPage(results));
  return ExitCode.Success;
}

export function comparisonText(first: BenchResult, second: BenchResult, style: TextStyle): string {
  const { rows, differences, complaints } = compare(first, second);
  const names = namesOf(first, second);
  const shown = rows.map(({ name, unit, values, ratio, verdict }) => ({
    cells: [
      `${name}, ${unit}`,
      ...values.map((value) => (value === null ? '–' : figureText(value))),
      ratioText(ratio),
    ],
    verdict,
  }));
  const heads = ['', ...names.map((name) => (name.length > 30 ? `${name.slice(0, 29)}…` : name)), 'ratio'];
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...shown.map(({ cells }) => cells[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ');
  const lines = [style('dim', line(heads))];
  for (const { cells, verdict } of shown) {
    const text = line(cells);
    const ratio = cells.at(-1)!;
    const painted = verdict === 'same' ? ratio : style(verdict === 'better' ? 'cyan' : 'red', ratio);
    lines.push(text.slice(0, text.length - ratio.length) + painted);
  }
  const notes = [...differences, ...complaints].map((text) => `${style('yellow', '!')} ${text}`);
  const body = `${style('bold', planText(first.plan))}\n\n${lines.join('\n')}\n`;
  return notes.length === 0 ? body : `${body}\n${notes.join('\n')}\n`;
}
