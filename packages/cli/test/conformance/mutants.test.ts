// Whether checks notice: servers that break one rule fail the checks of that rule, and one that breaks none fails none.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mutantTarget } from './mutant-target.ts';
import { MUTANTS } from './mutants.ts';
import type { TestedBroker } from './tested-broker.ts';
import { checksNamed, run, testedBroker } from './tested-broker.ts';

/** What a mutant does not answer is waited for so long, in ms. */
const IMPATIENT_MS = 400;

let broker: TestedBroker;
beforeAll(async () => {
  broker = await testedBroker();
});
afterAll(() => broker.close());

describe('A server that breaks a rule', () => {
  for (const mutant of MUTANTS) {
    const { name, version = 5, checks } = mutant;
    test(`that ${name} fails ${checks.join(', ')}`, async () => {
      const verdicts = await run(mutantTarget(broker.target, mutant), version, checksNamed(checks), {
        timeoutMs: IMPATIENT_MS,
      });
      expect(verdicts.map(({ check, kind }) => `${check.id} ${kind}`)).toEqual(
        checks.map((id) => `${id} failed`),
      );
    });
  }
});

describe('A server that breaks none', () => {
  for (const version of [5, 4] as const) {
    test(`passes the same checks on the same way, version ${version}`, async () => {
      const own = MUTANTS.filter((mutant) => (mutant.version ?? 5) === version);
      const checks = checksNamed([...new Set(own.flatMap((mutant) => mutant.checks))]);
      const verdicts = await run(
        mutantTarget(broker.target, { name: 'none', version, checks: [] }),
        version,
        checks,
      );
      const others = verdicts.filter(({ kind }) => kind !== 'passed');
      expect(others.map(({ check, reason }) => `${check.id}: ${reason}`)).toEqual([]);
    });
  }
});
