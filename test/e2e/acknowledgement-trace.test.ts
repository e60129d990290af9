// No acknowledgement leaves before what it tells of is on the disk: shown from the system calls of a real broker.

import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { traceAcknowledgements } from '../../crash/trace/traced-run.mjs';
import { debianTool } from '../debian-tools.ts';
import { buildMartlet } from './martlet-command.ts';

const strace = debianTool('strace');
/** Where tracing is forbidden, as in some containers, there is nothing to be seen. */
const mayTrace =
  strace.path !== undefined &&
  spawnSync(strace.path, ['-f', '-o', '/dev/null', process.execPath, '-e', '0']).status === 0;
const label = strace.path === undefined || mayTrace ? strace.label : '(skipped: this system forbids tracing)';

beforeAll(() => buildMartlet());

describe.skipIf(!mayTrace)(`In a trace of the system calls ${label}`, () => {
  const trace = (mutant?: string): ReturnType<typeof traceAcknowledgements> =>
    traceAcknowledgements({
      strace: strace.path!,
      durability: 'disk',
      messages: 60,
      ...(mutant === undefined ? {} : { mutant }),
    });

  it('every packet that tells of something kept begins to leave after it was synced', async () => {
    const { told, early } = await trace();
    expect(early).toEqual([]);
    const { connack, suback, puback, pubrec, pubcomp, publish = 0, pubrel = 0 } = told;
    expect({ connack, suback, puback, pubrec, pubcomp }).toEqual({
      connack: 3,
      suback: 2,
      puback: 30,
      pubrec: 30,
      pubcomp: 30,
    });
    // The last exchanges with the subscriber may not have come to their end.
    expect(Math.min(publish, pubrel)).toBeGreaterThan(10);
  });

  it.each(['syncs-late', 'commits-late'])('a broker that %s is found out', async (mutant) => {
    const { early } = await trace(mutant);
    expect(early.some((text) => text.startsWith('PUBACK'))).toBe(true);
    expect(early.some((text) => text.startsWith('PUBREC'))).toBe(true);
  });
});
