import { describe, expect, test } from 'vitest';
import { render } from '../../scripts/conformance.mjs';
import { trace } from '../../scripts/traceability.mjs';

const statement = (id: string, version: '5.0' | '3.1.1') =>
  ({ id, version, section: '1.1.1', role: 'both', gist: `says ${id}` }) as const;

const statements = [
  statement('MQTT-1.1.1-1', '5.0'),
  statement('MQTT-1.1.1-2', '5.0'),
  statement('MQTT-1.1.1-1', '3.1.1'),
];

function traceWith(facts: { tests?: string; source?: string; untested?: readonly string[] }) {
  return trace({
    statements,
    untested: (facts.untested ?? []).map((id) => ({ id, version: '5.0', reason: 'cannot be seen' })),
    testFiles: [{ path: 'packages/a/test/a.test.ts', text: facts.tests ?? '' }],
    sourceFiles: [{ path: 'packages/a/src/a.ts', text: facts.source ?? '' }],
  });
}

describe('Traceability', () => {
  test('joins a statement with the tests named by it, by version', () => {
    const { traces, problems } = traceWith({
      tests: `test('[MQTT-1.1.1-1] v5 does it', () => {}); test.each(x)(\`[MQTT-1.1.1-1] v3.1.1 does \${y}\`, f);`,
    });
    expect(problems).toEqual([]);
    expect(traces.map((one) => one.tests.map(({ title }) => title))).toEqual([['does it'], [], ['does …']]);
  });

  test('joins a statement with the files that cite it, each once', () => {
    const source = `f(); // [MQTT-1.1.1-2]\ng(); /* [MQTT-1.1.1-2] [MQTT-1.1.1-1] 3.1.1 */`;
    const { traces } = traceWith({ source });
    expect(traces.map((one) => one.sources)).toEqual([[], ['packages/a/src/a.ts'], ['packages/a/src/a.ts']]);
  });

  test('tells a citation from a string, and a name from a comment', () => {
    const { traces } = traceWith({
      tests: `// [MQTT-1.1.1-1] v5\ntest('another', f);`,
      source: `const text = '// [MQTT-1.1.1-1]';`,
    });
    expect(traces.flatMap((one) => [...one.tests, ...one.sources])).toEqual([]);
  });

  test('lists what has neither a test nor a reason', () => {
    const { untested } = traceWith({ tests: `test('[MQTT-1.1.1-1] v5', f)`, untested: ['MQTT-1.1.1-2'] });
    expect(untested).toEqual(['MQTT-1.1.1-1 of MQTT 3.1.1: says MQTT-1.1.1-1']);
  });

  test.each([
    [
      'a test of no statement',
      { tests: `test('[MQTT-9.9.9-9] v5 does it', f)` },
      'no statement MQTT-9.9.9-9',
    ],
    ['a test of the wrong version', { tests: `test('[MQTT-1.1.1-2] v3.1.1 does it', f)` }, 'in MQTT 3.1.1'],
    ['a test without a version', { tests: `test('[MQTT-1.1.1-2] does it', f)` }, 'not followed by v5'],
    ['a citation of no statement', { source: `f(); // [MQTT-1.1.1-2] 3.1.1` }, 'in MQTT 3.1.1'],
    ['a reason for no statement', { untested: ['MQTT-9.9.9-9'] }, 'no statement MQTT-9.9.9-9'],
    ['a reason given twice', { untested: ['MQTT-1.1.1-2', 'MQTT-1.1.1-2'] }, 'stands there twice'],
    [
      'a reason beside a test',
      { tests: `test('[MQTT-1.1.1-2] v5 does it', f)`, untested: ['MQTT-1.1.1-2'] },
      'a reason, and a test in packages/a/test/a.test.ts',
    ],
  ])('complains of %s', (_what, facts, complaint) => {
    const { problems } = traceWith(facts);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(complaint);
  });

  test('is a document with counts, tests, reasons and sources', () => {
    const { traces } = traceWith({
      tests: `test('[MQTT-1.1.1-1] v5 a | b', f)`,
      source: `f(); // [MQTT-1.1.1-1]`,
      untested: ['MQTT-1.1.1-2'],
    });
    const lines = render(traces).split('\n');
    expect(lines).toContain('| MQTT 5.0 | 2 | 1 | 1 | 0 | 1 |');
    expect(lines).toContain('| MQTT 3.1.1 | 1 | 0 | 0 | 1 | 0 |');
    expect(lines).toContain(
      '| MQTT-1.1.1-1 | both | says MQTT-1.1.1-1 | a \\| b [a: a.test.ts](../packages/a/test/a.test.ts) | [a: a.ts](../packages/a/src/a.ts) |',
    );
    expect(lines).toContain('| MQTT-1.1.1-2 | both | says MQTT-1.1.1-2 | *none:* cannot be seen |  |');
    expect(lines).toContain('| MQTT-1.1.1-1 | both | says MQTT-1.1.1-1 | **none yet** |  |');
  });
});
