// Whether checks notice: servers that break one rule fail the checks of that rule, and one that breaks none fails none.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checksFor } from '../../src/conformance/run-checks.ts';
import { mutantTarget } from './mutant-target.ts';
import { ALLOWED, MUTANTS } from './mutants.ts';
import type { TestedBroker } from './tested-broker.ts';
import { ALL_CHECKS, checksNamed, PATIENT_MS, run, testedBroker } from './tested-broker.ts';

/** What a mutant does not answer is waited for so long, in ms. */
const IMPATIENT_MS = 400;

/** Says goodbye again and again: with a server that does not close, that takes a while. */
const LONG: ReadonlySet<string> = new Set(['topic-matching']);

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

describe('A server that does what it may', () => {
  for (const mutant of ALLOWED) {
    test(`and ${mutant.name} fails nothing`, async () => {
      const checks = checksFor(ALL_CHECKS, 5, false).filter(({ id }) => !LONG.has(id));
      // What is not closed is waited for once in each check.
      const timeoutMs = mutant.hidesClosing === undefined ? PATIENT_MS : 3000;
      const verdicts = await run(mutantTarget(broker.target, mutant), 5, checks, { timeoutMs });
      const failed = verdicts.filter(({ kind }) => kind === 'failed');
      expect(failed.map(({ check, reason }) => `${check.id}: ${reason}`)).toEqual([]);
      expect(verdicts.some(({ kind }) => kind === 'passed')).toBe(true);
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
