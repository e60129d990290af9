/** The report as JUnit's XML, which continuous integration reads: a suite for each server and version, a case for each check. */
import type { CheckResult, ServerReport, TestReport, Version } from '../report.ts';
import { countsOf, statementText, versionName } from '../report.ts';

export function junitReport(report: TestReport): string {
  const suites = report.servers.flatMap((server) =>
    server.unreachable === undefined
      ? ([5, 4] as const)
          .filter((version) => server.results.some((each) => each.version === version))
          .map((version) => suiteText(server, version, report.startedAt))
      : [unreachableText(server.name, server.unreachable, report.startedAt)],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

function suiteText({ name, results }: ServerReport, version: Version, startedAt: string): string {
  const own = results.filter((each) => each.version === version);
  const { failed, skipped, inconclusive } = countsOf(own);
  const seconds = own.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000;
  const head = [
    `name="${escaped(`${name} ${versionName(version)}`)}"`,
    `timestamp="${timestampText(startedAt)}"`,
    `tests="${own.length}"`,
    `failures="${failed}"`,
    `errors="${inconclusive}"`,
    `skipped="${skipped}"`,
    `time="${seconds.toFixed(3)}"`,
  ].join(' ');
  return `  <testsuite ${head}>\n${own.map(caseText).join('\n')}\n  </testsuite>`;
}

/** A server that was not tested must not pass for one without failures. */
function unreachableText(name: string, reason: string, startedAt: string): string {
  const head = `name="${escaped(name)}" timestamp="${timestampText(startedAt)}" tests="1" failures="0" errors="1" skipped="0" time="0.000"`;
  const error = `<error message="${escaped(reason)}"/>`;
  return `  <testsuite ${head}>\n    <testcase classname="Connecting" name="can be reached" time="0.000">${error}</testcase>\n  </testsuite>`;
}

/** JUnit's have neither fractions nor a zone. */
function timestampText(startedAt: string): string {
  return startedAt.replace(/\.\d+Z$/, '');
}

function caseText(result: CheckResult): string {
  const { id, group, title, tookMs } = result;
  const head = `    <testcase classname="${escaped(group)}" name="${escaped(`${title} (${id})`)}" time="${(tookMs / 1000).toFixed(3)}"`;
  const inside = outcomeText(result);
  return inside === '' ? `${head}/>` : `${head}>${inside}</testcase>`;
}

function outcomeText({ verdict, reason = '', statements, version, exchange }: CheckResult): string {
  const message = `message="${escaped(reason)}"`;
  switch (verdict) {
    case 'passed':
      return '';
    case 'skipped':
      return `<skipped ${message}/>`;
    default: {
      const lines = [
        ...statements.map((statement) => `[${statement}] ${statementText(statement, version)}`),
        ...(exchange ?? []),
      ];
      const element = verdict === 'failed' ? 'failure' : 'error';
      return `<${element} ${message}>${escaped(lines.join('\n'))}</${element}>`;
    }
  }
}

/** Also what XML cannot have at all, such as control characters, which a hostile server may have sent. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}');
}
