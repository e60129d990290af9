/** Shows a result, and writes the files that were asked for. */
import type { CommandIo } from '../command.ts';
import { textStyleFor } from '../text-style.ts';
import type { BenchValues } from './bench-flags.ts';
import type { BenchResult } from './bench-result.ts';
import { resultText, writeText } from './result-file.ts';
import { summaryText } from './summary-text.ts';

/** What stands for standard output among files. */
const STANDARD_OUTPUT = '-';

export async function writeResult(
  result: BenchResult,
  { json, html }: Pick<BenchValues, 'json' | 'html'>,
  io: CommandIo,
): Promise<void> {
  // Where the results go to standard output, people read the summary beside it.
  const stream = json === STANDARD_OUTPUT ? io.stderr : io.stdout;
  stream.write(summaryText(result, textStyleFor(stream as NodeJS.WriteStream)));
  if (json === STANDARD_OUTPUT) io.stdout.write(resultText(result));
  else if (json !== undefined) await writeText(json, resultText(result));
  if (html === undefined) return;
  const { reportPage } = await import('./report/report-page.ts');
  await writeText(html, reportPage([result]));
}
