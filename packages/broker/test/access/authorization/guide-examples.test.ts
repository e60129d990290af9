// What docs/guides/rights.md shows is what the broker reads and does.

import { readFileSync } from 'node:fs';
import { parseConfiguration } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { AclFile } from '../../../src/access/authorization/acl-file.ts';
import { AclFileMethod } from '../../../src/access/authorization/acl-file-method.ts';
import { buildAuthorizer } from '../../../src/access/authorization/build-authorizer.ts';
import type { Authorizer, ClientIdentity } from '../../../src/core/ports/authorizer.ts';
import { ask, identity, request } from './asking.ts';

const guide = readFileSync(new URL('../../../../../docs/guides/rights.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text!);
const examples = blocks('yaml');

async function authorizerOf(yaml: string): Promise<Authorizer> {
  const { configuration, source } = parseConfiguration(yaml, 'martlet.yaml');
  return (await buildAuthorizer(configuration.authorization, { source })).authorizer;
}

describe('The guide to rights', () => {
  test.each(examples)('has examples that are in order: %#', (text) => {
    expect(() => parseConfiguration(text, 'martlet.yaml')).not.toThrow();
  });

  test('has rules that do what they say', async () => {
    const authorizer = await authorizerOf(examples.find((text) => text.includes('emergency-stop'))!);
    const may = (
      of: Partial<ClientIdentity>,
      action: 'publish' | 'subscribe' | 'receive',
      topic: string,
      qos: 0 | 1 | 2 = 0,
    ) => authorizer.authorize(request(identity(of), action, topic, { qos }), () => {})?.allowed;
    const outside = { username: 'ann', origin: { listener: 'websocket:8080', kind: 'websocket' } } as const;
    expect(may(outside, 'publish', 'plant/1/emergency-stop')).toBe(false);
    expect(may({ username: 'ann' }, 'publish', 'plant/1/emergency-stop')).toBe(true);
    const certificate = {
      commonName: 'a.sensors.example',
      subjectAlternativeNames: [],
      ...{ subject: '', fingerprint256: '', serialNumber: '', issuer: '' },
    };
    const sensor = { username: 'pump', security: { protocol: 'TLSv1.3', cipher: 'x', certificate } };
    expect(may(sensor, 'publish', 'plant/pump/sensors/x', 1)).toBe(true);
    expect(may(sensor, 'publish', 'plant/pump/sensors/x', 2)).toBe(false);
    expect(may({ username: 'pump' }, 'publish', 'plant/pump/sensors/x')).toBe(false);
    expect(may({ username: 'pump' }, 'subscribe', 'plant/pump/commands/+')).toBe(true);
    expect(may({ username: 'pump' }, 'receive', 'plant/pump/commands/go')).toBe(true);
    expect(may({ username: 'pump' }, 'receive', 'plant/pump/commands/debug')).toBe(false);
  });

  const ROWS = [...guide.matchAll(/^\| (publish|subscribe) to (.+?) \| (.+?) \| (.+?) \|$/gm)];

  test.each(ROWS.map(([, action, topics, allow, deny]) => [action!, topics!, allow!, deny!] as const))(
    'has a table of what a rule is about: %s to %s',
    async (action, topics, allow, deny) => {
      const on = topics.includes('against a rule on `#`') ? '#' : 'a/#';
      const asked = [...topics.replace(/, against.*/, '').matchAll(/`([^`]+)`/g)].map(([, topic]) => topic!);
      expect(asked.length).toBeGreaterThan(0);
      for (const [key, expected] of [
        ['allow', allow],
        ['deny', deny],
      ] as const) {
        const rules = `{ ${key}: [publish, subscribe], topics: ['${on}'] }`;
        const authorizer = await authorizerOf(`authorization: { default: deny, rules: [${rules}] }`);
        for (const topic of asked) {
          const { rule } = authorizer.authorize(
            request(identity(), action as 'publish' | 'subscribe', topic),
            () => {},
          )!;
          const decided = rule?.text.startsWith(key)
            ? key === 'allow'
              ? 'allowed'
              : 'denied'
            : 'the next rule is asked';
          expect(decided, `${key} ${topic}`).toBe(expected);
        }
      }
    },
  );

  test('has rows in that table', () => {
    expect(ROWS.length).toBe(5);
  });

  test('has an acl_file that means what it says', () => {
    const [, text] = /```\n(# Before any user.*?)```/s.exec(guide)!;
    const acl = AclFile.parse(text!, 'acl');
    const method = new AclFileMethod(acl);
    const ann = identity({ username: 'ann' });
    expect(ask(method, identity(), 'receive', 'public/x')).toBe('allowed');
    expect(ask(method, ann, 'receive', 'public/x')).toBe('denied');
    expect(ask(method, ann, 'publish', 'home/ann/x')).toBe('allowed');
    expect(ask(method, ann, 'publish', 'home/ann/secret')).toBe('denied');
    expect(ask(method, ann, 'publish', 'devices/ann/c1')).toBe('allowed');
  });
});
