import { describe, expect, test } from 'vitest';
import { comparisonText } from '../../src/bench/comparing.ts';
import { compare, namesOf } from '../../src/bench/comparison.ts';
import { figureText, setTimeText } from '../../src/bench/figure-text.ts';
import { planText } from '../../src/bench/plan-text.ts';
import { linearScale, logarithmicScale, ninesScale, timeScale } from '../../src/bench/report/plot-scale.ts';
import { reportPage } from '../../src/bench/report/report-page.ts';
import { parseResult, resultText } from '../../src/bench/result-file.ts';
import { summaryText } from '../../src/bench/summary-text.ts';
import { sampleResult } from './sample-result.ts';

const plain = (_style: string, text: string): string => text;

describe('The summary of a run', () => {
  test('is a page of text', () => {
    const text = summaryText(sampleResult({ version: 'example 1.0' }), plain);
    expect(text.split('\n')).toEqual([
      'a run: pairs: 1 publisher → 1 subscriber, 64 bytes, QoS 1, 10 in flight each (closed loop), 1 s',
      'mqtt://localhost, MQTT 3.1.1, example 1.0',
      '',
      'sent         400/s, 400 messages in all',
      'acknowledged 400/s, 400 in all',
      'delivered    400/s, 25 KiB/s, 400 in all',
      'connections  2 made in 20.0 ms',
      '',
      'ms                 p50      p90      p99    p99.9   p99.99      max     mean',
      'delivery          1.00     2.00     2.00     2.00     2.00     2.00     1.50',
      'CONNACK          0.500    0.500    0.500    0.500    0.500    0.500    0.500',
      '',
      'broker       0.100 cores, 250 µs of CPU a message, 10 MiB of memory at most, 10 MiB before',
      'generator    1 thread, busy 20 % of the time, 0.500 cores, 48 MiB',
      '',
      '✓ Proved: all 400 deliveries came, each once and in order.',
      '',
    ]);
  });
});

describe('A result in a file', () => {
  test('is read as it was written', () => {
    const result = sampleResult();
    expect(parseResult(resultText(result), 'a.json')).toEqual(result);
  });

  test.each([
    ['', 'no JSON'],
    ['[1]', 'another object'],
    ['null', 'another value'],
    ['{"format":"martlet-bench/2"}', 'the format "martlet-bench/2"'],
    ['{"format":"martlet-bench/1"}', 'one without "plan"'],
  ])('is refused when it is none: %s', (text, got) => {
    expect(() => parseResult(text, 'a.json')).toThrow(
      `a.json: expected what martlet bench --json writes, got ${got}`,
    );
  });
});

describe('A comparison', () => {
  const first = sampleResult({ title: 'one' });
  const second = sampleResult({ title: 'two', latencyUs: 500, counts: { delivered: 96 } });

  test('has ratios of the second to the first, and says which is better', () => {
    const rows = new Map(compare(first, second).rows.map((row) => [row.name, row]));
    expect(rows.get('delivery, p50')).toMatchObject({ values: [1, 0.5], ratio: 0.5, verdict: 'better' });
    expect(rows.get('sent')).toMatchObject({ ratio: 1, verdict: 'same' });
    // A difference of four per cent is none.
    expect(rows.get('delivered')).toMatchObject({ values: [400, 384], verdict: 'same' });
    expect(compare(second, first).rows.find(({ name }) => name === 'delivery, p99')).toMatchObject({
      ratio: 2,
      verdict: 'worse',
    });
  });

  test('says what makes two runs hard to compare', () => {
    const other = sampleResult({ title: 'two', plan: { qos: 0, rate: 500 }, busy: 0.99 });
    const { differences, complaints } = compare(first, other);
    expect(differences).toEqual([
      'The runs differ in QoS: 1 and 0.',
      'The runs differ in messages a second: no limit and 500.',
    ]);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/^two: The generator was held up/);
  });

  test('says that the runs took different times', () => {
    const other = sampleResult({ title: 'two', plan: { warmUpMs: 1000, count: 20_000 } });
    expect(compare(first, other).differences).toEqual([
      'The runs differ in messages in all: no limit and 20000.',
      `The runs differ in ms of warm-up: ${first.plan.warmUpMs} and 1000.`,
    ]);
  });

  test('sets no memory of a process against a heap', () => {
    const ofSys = { ...second, broker: { ...second.broker!, source: '$SYS' as const } };
    const memory = compare(first, ofSys).rows.filter(({ unit }) => unit === 'MiB');
    expect(memory).toMatchObject([
      { name: 'broker memory at most', values: [expect.closeTo(10, 2), null], ratio: null },
      { name: 'broker heap at most ($SYS)', values: [null, expect.closeTo(10, 2)], ratio: null },
    ]);
  });

  test('sets no latency against one of another kind', () => {
    const ofAnswers = { ...second, delivery: null, answer: second.connect };
    const row = compare(first, ofAnswers).rows.find(({ name }) => name === 'delivery, p50');
    expect(row).toMatchObject({ values: [1, null], ratio: null, verdict: 'same' });
  });

  test('is a table', () => {
    const lines = comparisonText(first, second, plain).split('\n');
    expect(lines[2]).toMatch(/^ +one +two +ratio$/);
    expect(lines.some((line) => /^delivery, p50, ms +1\.00 +0\.500 +× 0\.500$/.test(line))).toBe(true);
    expect(new Set(lines.slice(2, 8).map(({ length }) => length)).size).toBe(1);
  });

  test('calls the two by what tells them apart', () => {
    expect(namesOf(first, second)).toEqual(['one', 'two']);
    const [a, b] = ['m 2.0', 'x 1.0'].map((version) => sampleResult({ version }));
    expect(namesOf(a!, b!)).toEqual(['m 2.0', 'x 1.0']);
    // Without a title a run is called by its plan, which says nothing of the server.
    const untitled = [a!, b!].map((result, index) => {
      const plan = { ...result.plan, publishers: index + 1 };
      return { ...result, plan, title: planText(plan) };
    });
    expect(namesOf(untitled[0]!, untitled[1]!)).toEqual(['m 2.0', 'x 1.0']);
    expect(namesOf(first, first)).toEqual(['first', 'second']);
  });
});

describe('A report', () => {
  test('is one page that needs no other and runs nothing', () => {
    const page = reportPage([sampleResult()]);
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|@import|url\(/);
    expect(page).toContain("default-src 'none'");
    for (const title of [
      'Latency by percentile',
      'Rate',
      'Latency over time',
      'Processors',
      'Memory of the broker',
    ]) {
      expect(page).toContain(`<b>${title}</b>`);
    }
  });

  test('draws two results over each other', () => {
    const page = reportPage([sampleResult({ title: 'one' }), sampleResult({ title: 'two', latencyUs: 500 })]);
    expect(page).toContain('<h1>one <small>and</small> two</h1>');
    expect(page).toContain('<td class="better">× 0.500</td>');
    expect(page.match(/<polyline class="line c2/g)?.length).toBeGreaterThanOrEqual(3);
  });

  test('shows what a server or a file says as text, whatever it is', () => {
    const evil = '<script>alert(1)</script>"\'&';
    const page = reportPage([sampleResult({ title: evil, version: evil })]);
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
  });

  test('leaves out what was not measured', () => {
    const page = reportPage([sampleResult({ hasBroker: false })]);
    expect(page).not.toContain('Memory of the broker');
    expect(page).toContain('not measured');
  });

  test('has numbers only in its pictures, also where there was nothing', () => {
    for (const counts of [{}, { sent: 0, delivered: 0, answered: 0 }]) {
      const page = reportPage([sampleResult({ counts, hasBroker: false })]);
      expect(page).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

describe('The axes of a plot', () => {
  test('end with a round number', () => {
    expect(linearScale(870, String).marks.map(({ label }) => label)).toEqual([
      '0',
      '200',
      '400',
      '600',
      '800',
      '1000',
    ]);
    expect(linearScale(0, String).marks.length).toBeGreaterThan(1);
    expect(timeScale(4250, String).marks.map(({ label }) => label)).toEqual([
      '0',
      '1000',
      '2000',
      '3000',
      '4000',
    ]);
  });

  test('go by powers of ten, and percentiles by nines', () => {
    const scale = logarithmicScale(0.05, 120, String);
    expect(scale.marks.map(({ label }) => label)).toEqual(['0.01', '0.1', '1', '10', '100', '1000']);
    expect(scale.place(0.01)).toBeCloseTo(0);
    expect(scale.place(1000)).toBeCloseTo(1);
    const nines = ninesScale(99.9);
    expect(nines.place(90)).toBeCloseTo(1 / 3);
    expect(nines.place(99)).toBeCloseTo(2 / 3);
    expect(nines.place(100)).toBe(1);
  });
});

describe('Figures', () => {
  test.each([
    [0, '0'],
    [0.1184, '0.118'],
    [0.9996, '1.00'],
    [12.44, '12.4'],
    [99.96, '100'],
    [1240.4, '1,240'],
  ])('have three digits that count: %d', (value, text) => {
    expect(figureText(value)).toBe(text);
  });

  test('of a time that was set have no more than there are', () => {
    expect([250, 1000, 1250, 90_000].map(setTimeText)).toEqual(['250 ms', '1 s', '1.25 s', '90 s']);
  });
});
