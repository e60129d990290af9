// What docs/guides/mqtt-sn.md shows is what the broker reads, without a notice.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfiguration } from '@martlet/broker/config';
import { checkConfiguration } from '@martlet/broker/server';
import { afterAll, expect, test } from 'vitest';
import { mqttSnOpener } from '../../src/server/mqtt-sn-opener.ts';

const guide = readFileSync(new URL('../../../../docs/guides/mqtt-sn.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/```yaml\n(.*?)```/gsu)].map(([, yaml]) => yaml!);

const directory = mkdtempSync(join(tmpdir(), 'martlet-guide-'));
afterAll(() => rmSync(directory, { recursive: true }));
writeFileSync(join(directory, 'topics.csv'), '*,sensors/temperature,1\n');

test('the guide has examples', () => {
  expect(examples.length).toBeGreaterThan(3);
});

test.each(examples.map((yaml, at) => [at + 1, yaml] as const))(
  'example %i is a configuration',
  async (_number, yaml) => {
    const loaded = parseConfiguration(yaml, join(directory, 'martlet.yaml'));
    expect(await checkConfiguration(loaded, { 'mqtt-sn': mqttSnOpener() })).toEqual([]);
    expect(loaded.configuration.listeners.some(({ protocol }) => protocol === 'mqtt-sn')).toBe(true);
  },
);
