// `martlet doctor` in the process of a test: what it finds, and how it ends.

import { command } from '../../src/doctor/doctor-command.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { testIo } from '../command-io.ts';

export interface Examined {
  readonly code: number;
  /** `step: text`, and ` → advice` where there is one, a line for each finding. */
  readonly text: string;
  readonly findings: readonly Finding[];
  readonly diagnosis: string;
}

/** @param words its arguments; `--json` and a short time for each step are added */
export async function examined(...words: readonly string[]): Promise<Examined> {
  const io = { ...testIo({}, 'martlet doctor'), wallMs: () => Date.now(), random: Math.random };
  const code = await command.run(['--json', '--timeout', '700ms', ...words], io);
  const lines = io
    .written('stdout')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding & { readonly diagnosis: string });
  const findings = lines.slice(0, -1);
  const text = findings
    .map(
      ({ step, kind, text: found, advice }) =>
        `${kind} ${step}: ${found}${advice === undefined ? '' : ` → ${advice}`}`,
    )
    .join('\n');
  return { code, text, findings, diagnosis: lines.at(-1)!.diagnosis };
}
