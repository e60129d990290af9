/** The report for people: what each server can, how it did by section, and everything that failed with what was exchanged. */
import type { TextStyle } from '../../text-style.ts';
import { CHECK_GROUPS } from '../checks.ts';
import type { CheckResult, Counts, ServerReport, TestReport, Version } from '../report.ts';
import { countsOf, headingsOf, statementText, versionName } from '../report.ts';
import { tableText } from './table-text.ts';

export interface TextReportOptions {
  readonly style: TextStyle;
  /** Shows every check, and not only what failed. */
  readonly verbose: boolean;
}

export function textReport(report: TestReport, options: TextReportOptions): string {
  const { servers } = report;
  const parts = [capabilitiesText(servers, options), sectionsText(servers, options)];
  for (const server of servers) parts.push(...detailsOf(server, servers.length > 1, options));
  parts.push(servers.map((server) => summaryLine(server, options)).join('\n'));
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(text: string, { style }: TextReportOptions): string {
  return style('bold', text);
}

function capabilitiesText(servers: readonly ServerReport[], options: TextReportOptions): string {
  const names = [...new Set(servers.flatMap(({ capabilities }) => capabilities.map(({ name }) => name)))];
  if (names.length === 0) return '';
  const rows = names.map((name) => {
    const lines = servers.map(({ capabilities }) => capabilities.find((line) => line.name === name));
    const wasTried = lines.some((line) => line?.from === 'tried');
    return [wasTried ? `${name} (tried)` : name, ...lines.map((line) => line?.value ?? '–')];
  });
  const head = servers.length > 1 ? [['', ...servers.map(({ name }) => name)]] : [];
  return `${heading('What it says that it can, and what was tried', options)}\n${tableText([...head, ...rows])}`;
}

function sectionsText(servers: readonly ServerReport[], options: TextReportOptions): string {
  const results = servers.flatMap((server) => server.results);
  const versions = ([5, 4] as const).filter((version) => results.some((each) => each.version === version));
  const columns = servers.flatMap((server) => versions.map((version) => ({ server, version })));
  const head = columns.map(({ server, version }) =>
    servers.length > 1 ? `${server.name} ${version === 5 ? '5.0' : '3.1.1'}` : versionName(version),
  );
  const rows = headingsOf(CHECK_GROUPS, results).map((group) => [
    group,
    ...columns.map(({ server, version }) =>
      cellText(server.results.filter((each) => each.group === group && each.version === version)),
    ),
  ]);
  const total = [
    'Together',
    ...columns.map(({ server, version }) =>
      cellText(server.results.filter((each) => each.version === version)),
    ),
  ];
  return `${heading('Checks passed', options)}\n${tableText([['', ...head], ...rows, total])}`;
}

/** `12 of 13`; what was skipped does not count. */
function cellText(results: readonly CheckResult[]): string {
  const counts = countsOf(results);
  const run = results.length - counts.skipped;
  return run === 0 ? '–' : `${counts.passed} of ${run}`;
}

function detailsOf(server: ServerReport, withName: boolean, options: TextReportOptions): readonly string[] {
  const of = withName ? ` ${server.name}` : '';
  const parts: string[] = server.refused.map(
    ({ version, reason }) => `${versionName(version)} was not tested:${of} ${reason}`,
  );
  const bad = server.results.filter(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive');
  for (const result of bad) parts.push(failureText(result, of, options));
  const noted = server.results.filter(({ notes }) => notes !== undefined);
  if (noted.length > 0) {
    const lines = noted.flatMap((result) =>
      (result.notes ?? []).map((note) => `  ${note} (${result.id}, ${versionName(result.version)})`),
    );
    parts.push(`${heading(`Recommended otherwise, no failures${of}`, options)}\n${lines.join('\n')}`);
  }
  if (options.verbose) parts.push(allText(server, options));
  return parts;
}

function failureText(result: CheckResult, of: string, { style }: TextReportOptions): string {
  const { id, title, version, statements, verdict, reason, exchange } = result;
  const word = verdict === 'failed' ? style('red', 'FAILED') : style('yellow', 'NOT CLEAR');
  const lines = [`${word}${of} ${title} (${id}, ${versionName(version)})`, `  ${reason}`];
  for (const statement of statements)
    lines.push(style('dim', `  [${statement}] ${statementText(statement, version)}`));
  for (const line of exchange ?? []) lines.push(style('dim', `  ${line}`));
  return lines.join('\n');
}

const MARKS: Readonly<Record<CheckResult['verdict'], string>> = {
  passed: '✓',
  failed: '✗',
  skipped: '–',
  inconclusive: '?',
};

function allText({ name, results }: ServerReport, options: TextReportOptions): string {
  const lines = results.map(
    ({ verdict, title, id, version, statements, reason }) =>
      `  ${MARKS[verdict]} ${title} (${id}, ${versionName(version)}: ${statements.join(', ')})${verdict === 'skipped' ? `: ${reason}` : ''}`,
  );
  return `${heading(`All checks of ${name}`, options)}\n${lines.join('\n')}`;
}

function summaryLine({ name, results }: ServerReport, { style }: TextReportOptions): string {
  const byVersion = ([5, 4] as const)
    .map((version): readonly [Version, readonly CheckResult[]] => [
      version,
      results.filter((each) => each.version === version),
    ])
    .filter(([, of]) => of.length > 0)
    .map(([version, of]) => `${versionName(version)}: ${countsText(countsOf(of))}`);
  const counts = countsOf(results);
  const isGood = counts.failed === 0 && counts.inconclusive === 0;
  return `${style(isGood ? 'cyan' : 'red', name)}  ${byVersion.join('; ')}`;
}

export function countsText({ passed, failed, skipped, inconclusive }: Counts): string {
  return [
    `${passed} passed`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(inconclusive === 0 ? [] : [`${inconclusive} not clear`]),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ].join(', ');
}
