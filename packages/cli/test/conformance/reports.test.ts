// What reports say of recorded results: as text, as JUnit's XML and as a page.

import { describe, expect, test } from 'vitest';
import { packetsText, waitText } from '../../src/conformance/packets-text.ts';
import { isConformant } from '../../src/conformance/report.ts';
import { htmlReport } from '../../src/conformance/reports/html-report.ts';
import { junitReport } from '../../src/conformance/reports/junit-report.ts';
import { textReport } from '../../src/conformance/reports/text-report.ts';
import { reportOf, SERVERS } from './recorded.ts';

const PLAIN = { style: (_: string, text: string) => text, verbose: false } as const;
const { good, bad, lost, old } = SERVERS;

describe('The verdict on a server', () => {
  test('is good where nothing failed and nothing is open, skipped checks aside', () => {
    expect(isConformant(reportOf(good))).toBe(true);
    expect(isConformant(reportOf(good, bad))).toBe(false);
    expect(
      isConformant(reportOf({ ...bad, results: bad.results.filter((each) => each.verdict !== 'failed') })),
    ).toBe(false);
  });

  test('is not good where nothing was tested, or not all', () => {
    expect(isConformant(reportOf(lost))).toBe(false);
    expect(isConformant({ ...reportOf(good), interrupted: true })).toBe(false);
  });
});

describe('The text', () => {
  test('of one server has its sections, what failed with its statement and exchange, and a last line', () => {
    const text = textReport(reportOf(bad), PLAIN);
    expect(text).toContain(
      'FAILED answers PINGREQ by PINGRESP (ping-answered, MQTT 5.0)\n  expected PINGRESP within 2 s',
    );
    expect(text).toContain('MQTT-3.12.4-1] A ');
    expect(text).toContain('    0.1 ms  client → PINGREQ');
    expect(text).toContain('NOT CLEAR answers PINGREQ');
    expect(text).toContain('Recommended otherwise, no failures\n  does not say Session taken over');
    expect(text.split('\n').at(-2)).toBe(
      'bad.example:1883  MQTT 5.0: 2 passed, 1 failed; MQTT 3.1.1: 0 passed, 1 not clear',
    );
  });

  test('of several servers gives each a number, and tells which could not be tested', () => {
    const lines = textReport(reportOf(good, old, lost), PLAIN).split('\n');
    expect(lines.slice(0, 3)).toEqual(['1  good.example:1883', '2  old.example', '3  lost.example:1']);
    expect(lines.slice(-4)).toEqual([
      '1  good.example:1883  MQTT 5.0: 1 passed, 1 skipped; MQTT 3.1.1: 1 passed',
      '2  old.example  MQTT 3.1.1: 1 passed',
      '3  lost.example:1  not tested: cannot connect to mqtt://lost.example:1: nothing listens there',
      '',
    ]);
    expect(lines).toContain('2: MQTT 5.0 was not tested: 0x84 Unsupported Protocol Version');
  });

  test('shows every check where that is wanted', () => {
    const text = textReport(reportOf(good), { ...PLAIN, verbose: true });
    expect(text).toContain('– answers a valid CONNECT');
    expect(text).toContain('✓ answers a valid CONNECT');
  });

  test('says that a run was ended', () => {
    const text = textReport({ ...reportOf(good), interrupted: true }, PLAIN);
    expect(text).toContain('The run was ended before its end');
  });
});

/** Elements with their attributes, in their order; fails for what is no XML as far as reports need it. */
function elementsOf(xml: string): readonly string[] {
  const open: string[] = [];
  const found: string[] = [];
  const rest = xml
    .replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
    .replaceAll(
      /<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g,
      (_, end: string, name: string, attributes: string, empty: string) => {
        if (end === '/') expect(open.pop()).toBe(name);
        else {
          found.push(`${name}${attributes}`);
          if (empty === '') open.push(name);
        }
        return '';
      },
    );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]/);
  expect(rest.replaceAll(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&');
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  return found;
}

describe('The XML', () => {
  test('has a suite for each server and version, with as many cases as it says', () => {
    const elements = elementsOf(junitReport(reportOf(good, bad)));
    expect(elements.filter((each) => each.startsWith('testsuite '))).toEqual([
      'testsuite name="good.example:1883 MQTT 5.0" timestamp="2026-11-20T20:00:00" tests="2" failures="0" errors="0" skipped="1" time="0.007"',
      'testsuite name="good.example:1883 MQTT 3.1.1" timestamp="2026-11-20T20:00:00" tests="1" failures="0" errors="0" skipped="0" time="0.003"',
      'testsuite name="bad.example:1883 MQTT 5.0" timestamp="2026-11-20T20:00:00" tests="3" failures="1" errors="0" skipped="0" time="2.010"',
      'testsuite name="bad.example:1883 MQTT 3.1.1" timestamp="2026-11-20T20:00:00" tests="1" failures="0" errors="1" skipped="0" time="2.003"',
    ]);
    expect(elements.filter((each) => each.startsWith('testcase '))).toHaveLength(7);
    expect(elements.filter((each) => /^(failure|error|skipped) /.test(each))).toHaveLength(3);
  });

  test('has an error for a server that could not be reached', () => {
    const elements = elementsOf(junitReport(reportOf(lost)));
    expect(elements.at(-1)).toBe(
      'error message="cannot connect to mqtt://lost.example:1: nothing listens there"',
    );
    expect(elements.find((each) => each.startsWith('testsuite '))).toContain('errors="1"');
  });
});

describe('The page', () => {
  test('lets nothing that a server sent be more than text, and needs nothing else', () => {
    const page = htmlReport(reportOf(bad));
    expect(page).toContain('PUBLISH &quot;&lt;a&gt;&amp;&quot; QoS 0');
    expect(page).not.toMatch(/<a>|<script|src=|https?:/);
  });

  test('leads from what failed to its row', () => {
    const page = htmlReport(reportOf(good, bad));
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`<tr id="${id}">`);
    expect(page).toContain('href="#v5-ping-answered"');
  });

  test('says why a server was not tested', () => {
    const page = htmlReport(reportOf(good, old, lost));
    expect(page).toContain('0x84 Unsupported Protocol Version');
    expect(page).toContain('nothing listens there');
  });
});

describe('A reason', () => {
  test('shows a few of many packets, and how many more there are', () => {
    const packets = Array.from({ length: 20 }, () => ({ type: 'pingresp' }) as const);
    expect(packetsText(packets)).toBe('PINGRESP, PINGRESP, PINGRESP, 16 more, PINGRESP');
    expect(packetsText(packets.slice(0, 5))).toBe('PINGRESP, PINGRESP, PINGRESP, PINGRESP, PINGRESP');
    expect(packetsText([])).toBe('nothing');
  });

  test('names the time and the flag that changes it', () => {
    expect([waitText(2000), waitText(350)]).toEqual(['within 2 s (--timeout)', 'within 350 ms (--timeout)']);
  });
});
