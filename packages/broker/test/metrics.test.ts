import { expect, test } from 'vitest';
import { AUTHENTICATION_COUNTERS, NOTHING_AUTHENTICATED } from '../src/core/ports/authentication-counts.ts';
import type { Gauges } from '../src/core/telling/metrics.ts';
import { COUNTERS, GAUGES, Metrics } from '../src/core/telling/metrics.ts';

test('every counter has a row of the table, in its order, and starts at 0', () => {
  const metrics = new Metrics();
  expect(COUNTERS.map((row) => row.name)).toEqual(Object.keys(metrics));
  for (const { name } of COUNTERS) expect(metrics[name]).toBe(0);
});

test('every gauge has one row of the table', () => {
  // The compiler asks for each name here; the test asks for each row.
  const names = Object.keys({
    connections: true,
    clientsConnected: true,
    sessions: true,
    subscriptions: true,
    sharedSubscriptions: true,
    internedTopics: true,
    retainedMessages: true,
    retainedBytes: true,
    storedMessages: true,
    storedBytes: true,
    outboxBytes: true,
    storeState: true,
  } satisfies Record<keyof Gauges, true>);
  expect(GAUGES.map((row) => row.name)).toEqual(names);
});

test('every count of authentication has a row of the table, in its order', () => {
  expect(AUTHENTICATION_COUNTERS.map((row) => row.name)).toEqual(Object.keys(NOTHING_AUTHENTICATED));
});

test('names and texts are fit for an exporter and for people', () => {
  for (const row of [...COUNTERS, ...GAUGES, ...AUTHENTICATION_COUNTERS]) {
    expect(row.name).toMatch(/^[a-z]+([A-Z][a-z0-9]*)*$/);
    expect(row.text).toMatch(/^[A-Z][^\n]+\.$/);
  }
  const texts = [...COUNTERS, ...GAUGES, ...AUTHENTICATION_COUNTERS].map((row) => row.text);
  expect(new Set(texts).size).toBe(texts.length);
});
