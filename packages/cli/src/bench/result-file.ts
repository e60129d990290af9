/** Results as files: written whole or not at all, and read with the suspicion that a file deserves. */
import { readFile, writeFile } from 'node:fs/promises';
import { CommandFailure } from '../command-failure.ts';
import type { BenchResult } from './bench-result.ts';
import { RESULT_FORMAT } from './bench-result.ts';

/** As text for a file: a line for each part at the first two levels, so that it can be looked at. */
export function resultText(result: BenchResult): string {
  return `${JSON.stringify(result, null, 1).replaceAll(/\[\s+([\d.e+-]+),\s+([\d.e+-]+)\s+\]/g, '[$1,$2]')}\n`;
}

/** @throws {CommandFailure} */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

/** @throws {CommandFailure} for a file that cannot be read, or is no result */
export async function readResult(path: string): Promise<BenchResult> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
  return parseResult(text, path);
}

/** @param path for messages @throws {CommandFailure} */
export function parseResult(text: string, path: string): BenchResult {
  const refuse = (got: string, cause?: unknown): never => {
    const message = `${path}: expected what martlet bench --json writes, got ${got}`;
    throw new CommandFailure(message, { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('no JSON', error);
  }
  const result = value as Partial<BenchResult> | null;
  if (typeof result !== 'object' || result === null) return refuse('another value');
  if (result.format !== RESULT_FORMAT) {
    const format =
      typeof result.format === 'string'
        ? `the format ${JSON.stringify(result.format).slice(0, 40)}`
        : 'another object';
    return refuse(format);
  }
  for (const name of ['plan', 'messages', 'generator', 'connections', 'server', 'machine'] as const) {
    if (typeof result[name] !== 'object' || result[name] === null) return refuse(`one without "${name}"`);
  }
  if (!Array.isArray(result.series) || !Array.isArray(result.verdicts))
    return refuse('one without its series');
  return result as BenchResult;
}
