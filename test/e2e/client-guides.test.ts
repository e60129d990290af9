// The guides for people who come from other clients leave out nothing that those have.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { debianTool } from '../debian-tools.ts';
import { ROOT } from './martlet-command.ts';
import { Programs } from './program.ts';

const guide = (name: string): string => readFileSync(join(ROOT, 'docs/guides', name), 'utf8');

/** Names that a guide's tables do not have as code. */
function missingFrom(text: string, names: readonly string[]): readonly string[] {
  const tables = text.replaceAll(/^```.*?^```$/gms, '');
  const code = [...tables.matchAll(/`[^`]+`/g)].map(([span]) => span).join(' ');
  const mentioned = new Set(code.match(/\w+/g));
  return names.filter((name) => !mentioned.has(name));
}

test('docs/guides/from-mqttjs.md has every method of MQTT.js', () => {
  const methods = Object.getOwnPropertyNames(MqttClient.prototype).filter(
    (name) => !name.startsWith('_') && name !== 'constructor',
  );
  expect(methods.length).toBeGreaterThan(15);
  expect(missingFrom(guide('from-mqttjs.md'), methods)).toEqual([]);
});

const python = debianTool('python3 with paho.mqtt');

describe.skipIf(python.path === undefined)(`docs/guides/from-paho.md ${python.label}`, () => {
  const programs = new Programs();
  afterEach(() => programs.stopAll());

  test('has everything public of the client of paho-mqtt and of its one-shot functions', async () => {
    const listing = `
import inspect, paho.mqtt.client as c, paho.mqtt.publish as p, paho.mqtt.subscribe as s
names = [n for n in dir(c.Client) if not n.startswith('_')]
names += [n for n in dir(c.MQTTMessageInfo) if not n.startswith('_') and n != 'next']
for m in (p, s): names += [n for n, f in inspect.getmembers(m, inspect.isfunction) if not n.startswith('_') and f.__module__ == m.__name__]
print('\\n'.join(names))`;
    const { stdout, code } = await programs.run(python.path!, ['-c', listing]);
    const names = stdout.trim().split('\n');
    expect(code).toBe(0);
    expect(names.length).toBeGreaterThan(60);
    expect(missingFrom(guide('from-paho.md'), names)).toEqual([]);
  });
});
