/** What a run has found of one or more servers, as data: every report is written from it, and it is what `--json` writes. */
import type { CapabilityLine } from './capability-probe.ts';
import { statementsOf } from './check.ts';
import type { CheckGroup } from './checks.ts';
import { STATEMENT_TEXTS } from './statement-texts.ts';
import type { Verdict, VerdictKind } from './verdict.ts';

export type Version = 4 | 5;

export interface CheckResult {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly version: Version;
  /** The numbers of what it is about. */
  readonly statements: readonly string[];
  readonly verdict: VerdictKind;
  readonly reason?: string;
  readonly notes?: readonly string[];
  readonly exchange?: readonly string[];
  readonly tookMs: number;
}

export interface ServerReport {
  /** As the user named it. */
  readonly name: string;
  readonly capabilities: readonly CapabilityLine[];
  /** Versions that the server did not take, with why. */
  readonly refused: readonly { readonly version: Version; readonly reason: string }[];
  readonly results: readonly CheckResult[];
  /** Why there was nothing to be tested: no connection, or none in any version. */
  readonly unreachable?: string;
}

export interface TestReport {
  readonly format: 'martlet-test-1';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly servers: readonly ServerReport[];
  /** A signal ended the run; there is what was known by then. */
  readonly interrupted?: true;
}

/** What heads the column of a server: its name, or a number where there are several, since names are long. */
export function columnLabel(server: ServerReport, servers: readonly ServerReport[]): string {
  return servers.length === 1 ? server.name : String(servers.indexOf(server) + 1);
}

/** The name of a server with the number that stands for it elsewhere: `2  localhost:1884`. */
export function labelledName(server: ServerReport, servers: readonly ServerReport[]): string {
  return servers.length === 1 ? server.name : `${columnLabel(server, servers)}  ${server.name}`;
}

export type Counts = Readonly<Record<VerdictKind, number>>;

/** @param group the heading of its check */
export function resultOf(verdict: Verdict, group: string): CheckResult {
  const { check, version, kind, reason, notes, exchange, tookMs } = verdict;
  return {
    id: check.id,
    group,
    title: check.title,
    version,
    statements: statementsOf(check, version) ?? [],
    verdict: kind,
    ...(reason === undefined ? {} : { reason }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(exchange.length === 0 ? {} : { exchange }),
    tookMs: Math.round(tookMs * 10) / 10,
  };
}

export function countsOf(results: readonly CheckResult[]): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0, inconclusive: 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/** Whether nothing failed, and nothing was left open. */
export function isConformant(report: TestReport): boolean {
  const isEachOne = report.servers.every(({ results }) => {
    const { failed, inconclusive, passed } = countsOf(results);
    return failed === 0 && inconclusive === 0 && passed > 0;
  });
  return isEachOne && report.interrupted === undefined;
}

export function versionName(version: Version): string {
  return version === 5 ? 'MQTT 5.0' : 'MQTT 3.1.1';
}

/** What a statement says; empty for one that has no number. */
export function statementText(id: string, version: Version): string {
  return STATEMENT_TEXTS[version][id] ?? '';
}

/** The headings under which there are results, in the order of the checks. */
export function headingsOf(
  groups: readonly CheckGroup[],
  results: readonly CheckResult[],
): readonly string[] {
  return groups
    .map(({ heading }) => heading)
    .filter((heading) => results.some(({ group }) => group === heading));
}
