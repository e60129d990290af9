/** What is wrong with a configuration, line by line, without the module of the configuration, which would load all of it. */
import type { ConfigurationProblem } from '@martlet/broker/config';
import { escapeControls } from './escape-controls.ts';

/** More is counted. */
const MAXIMUM_LINES = 50;

/** As `problemText` of the configuration says it; undefined for an error that is about something else. */
export function problemLines(error: unknown): readonly string[] | undefined {
  const { problems } = (error ?? {}) as { readonly problems?: readonly ConfigurationProblem[] };
  if (!Array.isArray(problems) || problems.length === 0) return undefined;
  const lines = problems.slice(0, MAXIMUM_LINES).map((problem) => escapeControls(lineOf(problem)));
  const more = problems.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

function lineOf({ file, line, column, key, text }: ConfigurationProblem): string {
  const place = line === undefined ? file : `${file}:${line}${column === undefined ? '' : `:${column}`}`;
  return `${place}: ${key === '' ? '' : `${key}: `}${text}`;
}
