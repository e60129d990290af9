import { PassThrough } from 'node:stream';
import type { ReloadReport } from '@martlet/broker/server';
import { expect, test } from 'vitest';
import { reportText } from '../../src/reload/report-text.ts';

const NOTHING: ReloadReport = {
  dryRun: false,
  changes: [],
  listeners: [{ name: 'a', before: 'a', fate: 'kept', place: '127.0.0.1:1883', connections: 5 }],
  disconnected: [],
  disconnectedCount: 0,
  notices: [],
};

function textOf(report: Partial<ReloadReport>): string {
  return reportText({ ...NOTHING, ...report }, new PassThrough());
}

test('A reload that changes nothing says so, and so does a plan', () => {
  expect(textOf({})).toBe('Reloaded: nothing has changed but what stands in the files that it names.\n');
  expect(textOf({ dryRun: true })).toBe(
    'Nothing would change; the files that it names would be read again.\n',
  );
});

const CHANGED: Partial<ReloadReport> = {
  changes: [
    { key: 'limits.connections', before: 10, after: 20 },
    { key: 'listeners.b', before: undefined, after: { name: 'b' } },
    { key: 'listeners.c', before: { name: 'c' }, after: undefined },
    { key: 'user', before: undefined, after: 'x'.repeat(300) },
  ],
  listeners: [
    { name: 'a', before: 'a', fate: 'updated', place: '127.0.0.1:1883', connections: 1 },
    { name: 'b', before: null, fate: 'opened', place: '127.0.0.1:1884', connections: 0 },
    { name: 'c', before: 'c', fate: 'closed', place: '/run/\u001b[2Jc', connections: 2 },
  ],
  disconnected: [{ clientId: 'x\ny', username: 'ann', listener: 'c', reason: 'its listener is closed' }],
  disconnectedCount: 3,
};

test('A reload says what has changed, and lets no client write to the terminal', () => {
  expect(textOf(CHANGED)).toBe(`Reloaded: 4 keys, 3 listeners, 3 clients disconnected.
  limits.connections: 10 → 20
  listeners.b: added
  listeners.c: removed
  user: nothing → "${'x'.repeat(199)}…
  listener a at 127.0.0.1:1883: updated, 1 connection kept
  listener b at 127.0.0.1:1884: opened
  listener c at /run/\\u001b[2Jc: closed, 2 connections ended
  disconnected x\\ny (ann) of c: its listener is closed
  and 2 more clients
`);
});

test('A plan says what would change', () => {
  const text = textOf({ ...CHANGED, dryRun: true });
  expect(text).toMatch(/^Would change 4 keys, 3 listeners, 3 clients disconnected:\n/);
  expect(text).toContain('listener c at /run/\\u001b[2Jc: would be closed, 2 connections ended\n');
  expect(text).toContain('would disconnect x\\ny (ann) of c: ');
});
