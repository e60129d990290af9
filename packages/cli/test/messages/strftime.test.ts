// Compared with `date`, which uses the same C library as Mosquitto's tools.

import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { strftime } from '../../src/messages/strftime.ts';

const CONVERSIONS = [...'aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%'];
/** New Year's days and weeks, leap days, noon, midnight, and both sides of summer time. */
const TIMES = [
  '2026-11-20T19:49:09Z',
  '2024-02-29T12:00:00Z',
  '2023-01-01T00:00:00Z',
  '2020-12-31T23:59:59Z',
  '2021-01-03T05:06:07Z',
  '2018-12-31T10:00:00Z',
  '2026-03-29T00:59:59Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T00:59:59Z',
  '2026-12-31T11:30:00Z',
  '1999-01-09T03:04:05Z',
];

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Europe/London'];

describe.each(ZONES)('a part of a time in %s', (zone) => {
  beforeAll(() => {
    vi.stubEnv('TZ', zone);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  test.each(TIMES)('is written as the C library writes it, at %s', (text) => {
    const time = new Date(text);
    const format = `+${CONVERSIONS.map((letter) => `%${letter}`).join('|')}`;
    const seconds = `@${time.getTime() / 1000}`;
    const theirs = execFileSync('date', ['-d', seconds, format], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    const ours = CONVERSIONS.map((letter) => strftime(letter, time)).join('|');
    expect(`${ours}\n`).toBe(theirs);
  });

  test('stands as it is if the library knows no such conversion', () => {
    const time = new Date(0);
    for (const letter of ['f', 'i', 'E', 'O', '1', ' ', 'é'])
      expect(strftime(letter, time)).toBe(`%${letter}`);
  });
});
