/** The report as one page that needs nothing else: servers side by side, everything that failed with what was exchanged. */
import { CHECK_GROUPS } from '../checks.ts';
import type { CheckResult, ServerReport, TestReport, Version } from '../report.ts';
import { columnLabel, countsOf, headingsOf, labelledName, statementText, versionName } from '../report.ts';
import { countsText } from './text-report.ts';

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dbe0, #3a3f47); --dim: light-dark(#5c6370, #9aa2ae);
  --good: light-dark(#136f3a, #5fcf8b); --bad: light-dark(#b3261e, #ff8a80); --back: light-dark(#f4f5f7, #1c1f24); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
  background: light-dark(#fff, #14161a); color: light-dark(#16181d, #e6e8ec); }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-weight: 600 } td.mark { white-space: nowrap } .passed { color: var(--good) } .failed, .inconclusive { color: var(--bad); font-weight: 600 }
.skipped, .dim { color: var(--dim) } tr.group th { background: var(--back); padding-top: .6rem } a { color: inherit } li { margin: .2rem 0 }
p.dim + p { margin-top: 0 } td p { margin: .4rem 0 } td pre { max-width: 46rem } ul.failed-list { padding-left: 1.2rem }
summary { cursor: pointer } pre { background: var(--back); padding: .7rem; overflow-x: auto; font-size: .82rem }
.scroll { overflow-x: auto } th.name { white-space: nowrap } details.failures { margin-top: .8rem }`;

export function htmlReport(report: TestReport): string {
  const { servers, startedAt } = report;
  const title = `MQTT conformance of ${servers.length === 1 ? servers[0]!.name : `${servers.length} servers`}`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body>
<h1>${escaped(title)}</h1>
<p class="dim">Run at ${escaped(startedAt)}${report.interrupted ? ', and ended before its end: this is what was known by then' : ''}</p>
${summaryTable(servers)}
${failedList(servers)}
${capabilityTable(servers)}
${([5, 4] as const).map((version) => checkTable(servers, version)).join('\n')}
</body>
</html>
`;
}

function summaryTable(servers: readonly ServerReport[]): string {
  const rows = servers.map((server) => {
    const { results, refused, unreachable } = server;
    const name = `<th class="name">${escaped(labelledName(server, servers))}</th>`;
    if (unreachable !== undefined)
      return `<tr>${name}<td colspan="2" class="dim">not tested: ${escaped(unreachable)}</td></tr>`;
    const cells = ([5, 4] as const).map((version) => {
      const own = results.filter((each) => each.version === version);
      const reason = refused.find((each) => each.version === version)?.reason;
      if (own.length === 0) return `<td class="dim">${escaped(reason ?? 'not tested')}</td>`;
      const counts = countsOf(own);
      return `<td class="${counts.failed + counts.inconclusive === 0 ? 'passed' : 'failed'}">${countsText(counts)}</td>`;
    });
    return `<tr>${name}${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table><tr><th></th><th>MQTT 5.0</th><th>MQTT 3.1.1</th></tr>${rows.join('')}</table></div>`;
}

/** What failed, before everything else: each leads to its row. */
function failedList(servers: readonly ServerReport[]): string {
  const parts = servers.map((server) => {
    const items = server.results
      .filter(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive')
      .map(
        ({ id, title, version }) =>
          `<li><a href="#${rowId(id, version)}">${escaped(title)}</a> <span class="dim">${versionName(version)}</span></li>`,
      );
    if (items.length === 0) return '';
    return `<details class="failures"${servers.length === 1 ? ' open' : ''}><summary class="failed">${escaped(labelledName(server, servers))}: ${items.length} failed or not clear</summary><ul class="failed-list">${items.join('')}</ul></details>`;
  });
  return parts.join('\n');
}

function rowId(id: string, version: Version): string {
  return `v${version}-${id}`;
}

function capabilityTable(servers: readonly ServerReport[]): string {
  const names = [...new Set(servers.flatMap(({ capabilities }) => capabilities.map(({ name }) => name)))];
  if (names.length === 0) return '';
  const rows = names.map((name) => {
    const lines = servers.map(({ capabilities }) => capabilities.find((line) => line.name === name));
    const from = lines.some((line) => line?.from === 'tried') ? ' <span class="dim">tried</span>' : '';
    return `<tr><th>${escaped(name)}${from}</th>${lines.map((line) => `<td>${escaped(line?.value ?? '–')}</td>`).join('')}</tr>`;
  });
  return `<h2>Capabilities</h2><div class="scroll"><table>${headRow(servers)}${rows.join('')}</table></div>`;
}

function checkTable(servers: readonly ServerReport[], version: Version): string {
  const all = servers.flatMap(({ results }) => results).filter((each) => each.version === version);
  if (all.length === 0) return '';
  const rows = headingsOf(CHECK_GROUPS, all).flatMap((group) => [
    `<tr class="group"><th colspan="${servers.length + 1}">${escaped(group)}</th></tr>`,
    ...idsOf(all, group).map((id) => checkRow(servers, version, id)),
  ]);
  return `<h2>${versionName(version)}</h2><div class="scroll"><table>${headRow(servers)}${rows.join('\n')}</table></div>`;
}

function idsOf(results: readonly CheckResult[], group: string): readonly string[] {
  return [...new Set(results.filter((each) => each.group === group).map(({ id }) => id))];
}

function checkRow(servers: readonly ServerReport[], version: Version, id: string): string {
  const found = servers.map(({ results }) =>
    results.find((each) => each.id === id && each.version === version),
  );
  const check = found.find((result) => result !== undefined)!;
  const statements = check.statements
    .map((statement) => `<li><b>${statement}</b> ${escaped(statementText(statement, version))}</li>`)
    .join('');
  const first = `<td><details><summary>${escaped(check.title)}</summary><ul class="dim">${statements}</ul></details></td>`;
  return `<tr id="${rowId(id, version)}">${first}${found.map(verdictCell).join('')}</tr>`;
}

const WORDS: Readonly<Record<CheckResult['verdict'], string>> = {
  passed: '✓ passed',
  failed: '✗ failed',
  skipped: '– skipped',
  inconclusive: '? not clear',
};

function verdictCell(result: CheckResult | undefined): string {
  if (result === undefined) return '<td class="mark dim">–</td>';
  const { verdict, reason, notes, exchange } = result;
  const word = `<span class="${verdict}">${WORDS[verdict]}</span>`;
  const more = [
    ...(reason === undefined ? [] : [`<p>${escaped(reason)}</p>`]),
    ...(notes ?? []).map((note) => `<p class="dim">recommended otherwise: ${escaped(note)}</p>`),
    ...(exchange === undefined || verdict === 'skipped'
      ? []
      : [`<pre>${escaped(exchange.join('\n'))}</pre>`]),
  ];
  if (more.length === 0) return `<td class="mark">${word}</td>`;
  return `<td><details><summary>${word}${notes === undefined ? '' : ' *'}</summary>${more.join('')}</details></td>`;
}

function headRow(servers: readonly ServerReport[]): string {
  const heads = servers.map((server) => `<th>${escaped(columnLabel(server, servers))}</th>`);
  return `<tr><th></th>${heads.join('')}</tr>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
