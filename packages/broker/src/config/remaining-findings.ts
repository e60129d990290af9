/**
 * Contradictions in what is left of a configuration that has other errors, so that whoever mends it hears of all at once. What stands in a
 * section with an error is left out: it may follow from that.
 */
import type { z } from 'zod';
import type { Configuration } from './configuration.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import { findingsOf } from './cross-checks.ts';
import { addDerivedDefaults } from './derived-defaults.ts';
import type { KeyPath } from './key-path.ts';
import { CONFIGURATION_SCHEMA } from './schema.ts';
import type { Source } from './source.ts';

/** @param root as it was checked; it stays as it is */
export function remainingFindings(
  root: Readonly<Record<string, unknown>>,
  issues: readonly z.core.$ZodIssue[],
  source: Source,
): readonly ConfigurationProblem[] {
  const rest = structuredClone(root) as Record<string, unknown>;
  const sections = new Set(issues.flatMap((issue) => pathsOf(issue).map(([section]) => String(section))));
  for (const section of sections) delete rest[section];
  addDerivedDefaults(rest);
  const { success, data } = CONFIGURATION_SCHEMA.safeParse(rest);
  if (!success) return [];
  return findingsOf(data as Configuration, source).filter(
    ({ key, code, severity }) =>
      severity === 'error' && !sections.has(sectionOf(key)) && !needsAnother(code, sections),
  );
}

function pathsOf(issue: z.core.$ZodIssue): readonly KeyPath[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

function sectionOf(key: string): string {
  return /^\w*/.exec(key)![0];
}

/** Findings that compare with a section that is not there now. */
function needsAnother(code: string, sections: ReadonlySet<string>): boolean {
  return (
    (code === 'unknown-name' && sections.has('listeners')) ||
    (code === 'missing-key' && sections.has('dynamicSecurity'))
  );
}
