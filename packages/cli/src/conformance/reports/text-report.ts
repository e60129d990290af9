/** The report for people: what each server can, how it did by section, and everything that failed with what was exchanged. */
import type { TextStyle } from '../../text-style.ts';
import { CHECK_GROUPS } from '../checks.ts';
import type { CheckResult, Counts, ServerReport, TestReport, Version } from '../report.ts';
import { countsOf, headingsOf, labelledName, statementText, versionName } from '../report.ts';
import { tableText } from './table-text.ts';

export interface TextReportOptions {
  readonly style: TextStyle;
  /** Shows every check, and not only what failed. */
  readonly verbose: boolean;
}

export function textReport(report: TestReport, options: TextReportOptions): string {
  const { servers } = report;
  const columns = columnsOf(servers);
  const parts = [
    servers.length > 1 ? servers.map((server) => labelledName(server, servers)).join('\n') : '',
    capabilitiesText(columns, options),
    sectionsText(columns, options),
  ];
  for (const column of columns) parts.push(...detailsOf(column, options));
  if (report.interrupted) parts.push('The run was ended before its end; what is here was known by then.');
  parts.push(columns.map((column) => summaryLine(column, options)).join('\n'));
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** A server, and the number that stands for it where there are several. */
interface Column {
  readonly label: string;
  readonly server: ServerReport;
}

/** Names are long: `1`, `2` … head the columns, and are explained once. */
function columnsOf(servers: readonly ServerReport[]): readonly Column[] {
  return servers.map((server, at) => ({ label: servers.length > 1 ? String(at + 1) : '', server }));
}

function heading(text: string, { style }: TextReportOptions): string {
  return style('bold', text);
}

function capabilitiesText(columns: readonly Column[], options: TextReportOptions): string {
  const servers = columns.map(({ server }) => server);
  const names = [...new Set(servers.flatMap(({ capabilities }) => capabilities.map(({ name }) => name)))];
  if (names.length === 0) return '';
  const rows = names.map((name) => {
    const lines = servers.map(({ capabilities }) => capabilities.find((line) => line.name === name));
    const wasTried = lines.some((line) => line?.from === 'tried');
    return [wasTried ? `${name} (tried)` : name, ...lines.map((line) => line?.value ?? '–')];
  });
  const head = columns.length > 1 ? [['', ...columns.map(({ label }) => label)]] : [];
  return `${heading('What it says that it can, and what was tried', options)}\n${tableText([...head, ...rows])}`;
}

function sectionsText(all: readonly Column[], options: TextReportOptions): string {
  const results = all.flatMap(({ server }) => server.results);
  if (results.length === 0) return '';
  const versions = ([5, 4] as const).filter((version) => results.some((each) => each.version === version));
  const tested = all.filter(({ server }) => server.results.length > 0);
  const columns = tested.flatMap((column) => versions.map((version) => ({ ...column, version })));
  const head = columns.map(({ label, version }) =>
    label === '' ? versionName(version) : `${label}: ${version === 5 ? '5.0' : '3.1.1'}`,
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

function detailsOf({ label, server }: Column, options: TextReportOptions): readonly string[] {
  const of = label === '' ? '' : `${label}: `;
  const parts: string[] = server.refused.map(
    ({ version, reason }) => `${of}${versionName(version)} was not tested: ${reason}`,
  );
  const bad = server.results.filter(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive');
  for (const result of bad) parts.push(failureText(result, of, options));
  const noted = server.results.filter(({ notes }) => notes !== undefined);
  if (noted.length > 0) {
    const lines = noted.flatMap((result) =>
      (result.notes ?? []).map((note) => `  ${note} (${result.id}, ${versionName(result.version)})`),
    );
    parts.push(`${heading(`${of}Recommended otherwise, no failures`, options)}\n${lines.join('\n')}`);
  }
  if (options.verbose) parts.push(allText(server, options));
  return parts;
}

function failureText(result: CheckResult, of: string, { style }: TextReportOptions): string {
  const { id, title, version, statements, verdict, reason, exchange } = result;
  const word = verdict === 'failed' ? style('red', 'FAILED') : style('yellow', 'NOT CLEAR');
  const lines = [`${word} ${of}${title} (${id}, ${versionName(version)})`, `  ${reason}`];
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

function summaryLine({ label, server }: Column, { style }: TextReportOptions): string {
  const { results, unreachable } = server;
  const name = label === '' ? server.name : `${label}  ${server.name}`;
  if (unreachable !== undefined) return `${style('red', name)}  not tested: ${unreachable}`;
  if (results.length === 0) return `${name}  nothing was tested`;
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
