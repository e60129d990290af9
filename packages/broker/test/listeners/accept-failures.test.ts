import { expect, test } from 'vitest';
import { AcceptFailures } from '../../src/listeners/accept-failures.ts';

test('Failures to accept are logged once in ten seconds, with the number of those in between', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const log = {
    write: (level: string, code: string, text: string) => lines.push(`${level} ${code} ${text}`),
  };
  const failures = new AcceptFailures(log, { name: 'tcp:1883' }, 1024, () => nowMs);
  for (let i = 0; i < 1000; i++) failures.report('EMFILE');
  const first = 'error accept-failed tcp:1883: EMFILE: too few file descriptors, raise the limit (ulimit -n)';
  expect(lines).toEqual([first]);
  nowMs = 9_999;
  failures.report('EMFILE');
  expect(lines).toHaveLength(1);
  nowMs = 10_000;
  failures.report('ECONNABORTED');
  expect(lines[1]).toBe('error accept-failed tcp:1883: ECONNABORTED, and 1000 more since the last report');
  nowMs = 20_000;
  failures.report('ENFILE');
  expect(lines[2]).toBe(first.replace('EMFILE', 'ENFILE'));
});

test('The end of the file descriptors is noticed by their numbers', () => {
  const lines: string[] = [];
  const log = { write: (_level: string, _code: string, text: string) => lines.push(text) };
  const failures = new AcceptFailures(log, { name: 'tcp:1883' }, 1024, () => 0);
  for (const handle of [{ fd: 1022 }, { fd: -1 }, {}, undefined, null]) failures.watch(handle);
  expect(lines).toEqual([]);
  failures.watch({ fd: 1023 });
  expect(lines[0]).toContain('EMFILE');
});
