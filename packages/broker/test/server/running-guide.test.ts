import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfiguration } from '../../src/config/load-configuration.ts';

const guide = readFileSync(new URL('../../../../docs/guides/running.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gsu)].map(([, text = '']) => text);

describe('The guide to running a broker', () => {
  test('has configurations', () => {
    expect(blocks.length).toBeGreaterThan(1);
  });

  test.each(blocks.map((text, index) => [index + 1, text] as const))(
    'has one that is right: %d',
    (_number, text) => {
      expect(() => parseConfiguration(text, '/etc/martlet/martlet.yaml')).not.toThrow();
    },
  );
});
