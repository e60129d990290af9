// Every check against a broker that keeps the whole specification, in every way that it can be connected to.

import { readFileSync } from 'node:fs';
import type { BrokerOptions } from '@martlet/broker';
import { ReasonCode } from '@martlet/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../src/conformance/check.ts';
import { statementsOf } from '../../src/conformance/check.ts';
import { checksFor } from '../../src/conformance/run-checks.ts';
import { targetsFor } from '../../src/conformance/target-for.ts';
import { TEST_FLAGS } from '../../src/conformance/test-flags.ts';
import type { Verdict } from '../../src/conformance/verdict.ts';
import { parseConnectedFlags } from '../../src/connection/parse-connected-flags.ts';
import { testIo } from '../command-io.ts';
import type { TestedBroker } from './tested-broker.ts';
import { ALL_CHECKS, checksNamed, run, testedBroker } from './tested-broker.ts';

/** What a broker that takes everything gives no occasion for. */
const WITHOUT_OCCASION: ReadonlySet<string> = new Set([
  'connect-client-id-refused',
  'auth-method',
  'connect-wrong-password',
  'will-qos-refused',
  'will-retain-refused',
  'publish-maximum-qos',
  'retain-unavailable',
  'flow-exceeded',
  'packet-size-exceeded',
]);

/** Lets nobody in whose password is wrong, or who begins to authenticate by SCRAM and has no proof. */
const STRICT: Readonly<BrokerOptions> = {
  authenticator: {
    authenticate: ({ authenticationMethod, authenticationData, password, state, ...attempt }) => {
      const isScram = authenticationMethod === 'SCRAM-SHA-256' && authenticationData?.[0] === 0x6e;
      if (isScram) return { kind: 'continue', authenticationData: Uint8Array.of(1) };
      const isWrong = password !== undefined && Buffer.from(password).toString().startsWith('wrong');
      const isRefused = isWrong || authenticationMethod !== undefined || attempt.clientId.includes('#');
      return isRefused ? { kind: 'refuse', reasonCode: ReasonCode.NotAuthorized } : { kind: 'accept' };
    },
  },
};

let broker: TestedBroker;
let strict: TestedBroker;
const verdicts = new Map<string, Verdict>();
beforeAll(async () => {
  broker = await testedBroker();
  strict = await testedBroker(STRICT);
  for (const version of [5, 4] as const) {
    for (const verdict of await run(broker.target, version, checksFor(ALL_CHECKS, version, false)))
      verdicts.set(`${verdict.check.id} ${version}`, verdict);
  }
});
afterAll(async () => {
  await broker.close();
  await strict.close();
});

describe('Martlet’s own broker', () => {
  for (const version of [5, 4] as const) {
    for (const { id, title } of checksFor(ALL_CHECKS, version, false)) {
      test(`${title} (${id}, version ${version})`, () => {
        const verdict = verdicts.get(`${id} ${version}`);
        const skipped = verdict?.kind === 'skipped' && WITHOUT_OCCASION.has(id);
        expect([skipped ? 'passed' : verdict?.kind, verdict?.reason]).toEqual([
          'passed',
          skipped ? verdict.reason : undefined,
        ]);
        // A busy machine may be late, which is noted.
        expect(verdict?.notes.filter((note) => !note.includes(' s after '))).toEqual([]);
      });
    }
  }

  test('has nothing left of all that', async () => {
    // Connections that were just dropped may be there still; sessions that outlive one may not.
    const { sessions, connections } = broker.broker.gauges;
    expect(sessions - connections).toBe(0);
    const retained: string[] = [];
    const look: Check = {
      id: 'look-around',
      title: 'has retained messages',
      v5: [],
      run: async (world) => {
        const client = await world.connect('client');
        await world.subscribed(client, '#');
        const messages = await world.messagesUpToNow(client);
        retained.push(...messages.filter(({ retain }) => retain).map(({ topicName }) => topicName));
      },
    };
    const [verdict] = await run(broker.target, 5, [look]);
    expect([verdict?.kind, retained]).toEqual(['passed', []]);
  });

  test('closes the connection when it lets somebody not in, and when an authentication fails', async () => {
    const checks = checksNamed(['auth-method', 'connect-wrong-password', 'connect-client-id-refused']);
    const found = await run(strict.target, 5, checks);
    expect(found.map(({ kind, reason }) => [kind, reason])).toEqual(checks.map(() => ['passed', undefined]));
  });

  for (const version of [5, 4] as const) {
    test(`keeps the rules of WebSocket, version ${version}`, async () => {
      const io = testIo();
      const { values } = await parseConnectedFlags(TEST_FLAGS, [], io);
      const [target] = await targetsFor([broker.webSocketUrl], values, io);
      const checks = ALL_CHECKS.filter(({ over }) => over === 'websocket');
      expect(checks.length).toBeGreaterThan(2);
      const found = await run(target!, version, checks);
      expect(found.map(({ kind, reason }) => [kind, reason])).toEqual(
        checks.map(() => ['passed', undefined]),
      );
    });
  }
});

interface Statement {
  readonly id: string;
  readonly version: '5.0' | '3.1.1';
  readonly role: 'client' | 'server' | 'both';
}

function read<Row>(path: string): readonly Row[] {
  return JSON.parse(readFileSync(new URL(`../../../../docs/conformance/${path}`, import.meta.url), 'utf8'));
}

describe('The table of checks', () => {
  test('has no id twice, and none that could be mistaken for a number of a statement', () => {
    const ids = ALL_CHECKS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z][a-z\d]*(-[a-z\d]+)+$/.test(id))).toEqual([]);
  });

  test('cites only statements that there are and that bind a server', () => {
    const statements = read<Statement>('statements.json');
    const wrong = ([5, 4] as const).flatMap((version) => {
      const known = new Map(
        statements
          .filter((each) => each.version === (version === 5 ? '5.0' : '3.1.1'))
          .map(({ id, role }) => [id, role]),
      );
      return ALL_CHECKS.flatMap((check) =>
        (statementsOf(check, version) ?? []).filter((id) => (known.get(id) ?? 'client') === 'client'),
      );
    });
    expect(wrong).toEqual([]);
  });

  test('leaves out only statements of which a table says why', () => {
    const unseen = read<Statement>('unseen.json').map(({ id, version }) => `${id} ${version}`);
    const cited = new Set(
      ALL_CHECKS.flatMap(({ v5 = [], v311 = [] }) => [
        ...v5.map((id) => `${id} 5.0`),
        ...v311.map((id) => `${id} 3.1.1`),
      ]),
    );
    const left = read<Statement>('statements.json')
      .filter(({ role, id, version }) => role !== 'client' && !cited.has(`${id} ${version}`))
      .map(({ id, version }) => `${id} ${version}`);
    expect(left.sort()).toEqual([...unseen].sort());
  });
});

describe('A run that is ended', () => {
  test('hands out what it knows by then', async () => {
    const abort = new AbortController();
    const checks = checksFor(ALL_CHECKS, 5, false);
    const found = await run(broker.target, 5, checks, {
      signal: abort.signal,
      onVerdict: () => abort.abort(new Error('enough')),
    });
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(checks.length);
  });
});
