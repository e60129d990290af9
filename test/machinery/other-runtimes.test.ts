import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { missingRuntimes, otherRuntimes } from '../../scripts/other-runtimes.mjs';
import { testRuntimes } from '../other-runtimes.ts';

describe('Other runtimes', () => {
  test('are Bun, Deno and the newest Node.js', () => {
    expect(otherRuntimes().map(({ name }) => name)).toEqual(['Bun', 'Deno', 'the newest Node.js']);
  });

  test('are here in the version that is locked, or missing', () => {
    const missing = new Set(missingRuntimes().map(({ name }) => name));
    for (const { name, path, available } of otherRuntimes()) {
      expect(missing.has(name)).toBe(available && path === undefined);
      if (path !== undefined) expect(existsSync(path)).toBe(true);
    }
  });

  test('give a test their path, or the reason for its skip', () => {
    for (const { path, label, arguments: given } of testRuntimes()) {
      expect(label === '').toBe(path !== undefined);
      expect(given).toContain('--conditions=martlet-source');
    }
  });
});
