import { readFileSync } from 'node:fs';
import { MARTLET_VERSION } from '@martlet/broker';
import { expect, test } from 'vitest';

test('The version that the broker tells is that of its package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(MARTLET_VERSION).toBe(manifest.version);
});
