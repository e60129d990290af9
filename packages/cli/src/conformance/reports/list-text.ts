/** What `--list` prints: every check with its statements. */
import { statementsOf } from '../check.ts';
import type { CheckGroup } from '../checks.ts';
import type { Version } from '../report.ts';
import { versionName } from '../report.ts';

export function listText(groups: readonly CheckGroup[], versions: readonly Version[]): string {
  const lines: string[] = [];
  for (const { heading, checks } of groups) {
    const own = checks.filter((check) =>
      versions.some((version) => statementsOf(check, version) !== undefined),
    );
    if (own.length === 0) continue;
    lines.push(heading);
    for (const check of own) {
      lines.push(`  ${check.id}  ${check.title}`);
      for (const version of versions) {
        const statements = statementsOf(check, version);
        if (statements !== undefined) lines.push(`      ${versionName(version)}: ${statements.join(', ')}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
