/** Shows a result, and writes the files that were asked for. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { textStyleFor } from '../text-style.ts';
import type { BenchValues } from './bench-flags.ts';
import type { BenchResult } from './bench-result.ts';
import { reportPage } from './report/report-page.ts';
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
  if (html !== undefined) await writeText(html, reportPage([result]));
}

/** @throws {CommandFailure} for a place where a file that is asked for could not be written afterwards */
export async function refuseUnwritable({ json, html }: Pick<BenchValues, 'json' | 'html'>): Promise<void> {
  for (const path of [json, html]) {
    if (path === undefined || path === STANDARD_OUTPUT) continue;
    try {
      const found = await stat(path).catch(() => null);
      if (found?.isDirectory() === true) throw Object.assign(new Error(), { code: 'EISDIR' });
      await access(found === null ? dirname(path) : path, constants.W_OK);
    } catch (error) {
      throw CommandFailure.ofFile(path, error);
    }
  }
}
