import { configurationFrom, configurationJsonSchema } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { errorLines } from './parsed.ts';

const schema = z.fromJSONSchema(configurationJsonSchema() as z.core.JSONSchema.JSONSchema);

/** As an editor reads it. */
const accepts = (text: string): boolean => schema.safeParse(parseDocument(text).toJS()).success;

const GOOD: readonly string[] = [
  '{}',
  'limits:\nlisteners:\n',
  'limits: { connectTimeoutMs: 1m30s, maximumPacketSize: 1MiB, connections: 5 }',
  'listeners: [{ protocolVersions: [5.0, 3.1.1], maximumQos: 1, tls: null }]',
  "listeners: [{ path: /a, pathMode: '0660' }]",
  'listeners: [{ tls: { certificates: [{ certificateFile: a, keyFile: b }], minimumVersion: 1.3 } }]',
  'authentication: { methods: [psk, { type: passwordFile, file: a }], flapping: {} }',
  'authorization: { groups: { a: [b] }, rules: [{ allow: publish, topics: [a/#], who: { anonymous: true } }] }',
  'log: { destinations: stderr, types: [error] }',
  'store: { directory: false }',
  'rates: { perUser: { messagesInPerSecond: 0.5 }, users: { ann: { connections: null } } }',
  'bridges: [{ name: b, addresses: h }]',
];

const BAD: readonly string[] = [
  'limts: {}',
  'limits: { connections: many }',
  'limits: { connections: 0 }',
  'limits: { connectTimeoutMs: 5 fortnights }',
  'listeners: [{ port: 70000 }]',
  'listeners: [{ tls: { certificates: [{ certificateFile: a }] } }]',
  'listeners: [{ protocolVersions: [4] }]',
  'authentication: { methods: [{ type: passwordFile }] }',
  'authentication: { methods: [{ type: pasword, file: a }] }',
  'authentication: { methods: passwordFile }',
  'log: { destinations: file }',
  'store: { directory: true }',
  'reload: { watch: yes please }',
];

describe('The JSON Schema', () => {
  test.each(GOOD)('accepts what the broker accepts: %s', (text) => {
    expect(errorLines(text)).toEqual([]);
    expect(accepts(text)).toBe(true);
  });

  test.each(BAD)('refuses what the broker refuses: %s', (text) => {
    expect(errorLines(text)).not.toEqual([]);
    expect(accepts(text)).toBe(false);
  });

  test('accepts the defaults as they are resolved, but for permission bits', () => {
    const { configuration } = configurationFrom({});
    const listeners = configuration.listeners.map((listener) => ({ ...listener, pathMode: '0660' }));
    expect(schema.safeParse({ ...configuration, listeners }).success).toBe(true);
  });

  test('says what every key is', () => {
    const withoutText: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties } = node as { readonly properties?: Readonly<Record<string, object>> };
      for (const [name, each] of Object.entries(properties ?? {})) {
        if (!('description' in each) || each.description === '') withoutText.push(`${path}.${name}`);
      }
      for (const [name, each] of Object.entries(node)) visit(each, `${path}.${name}`);
    };
    visit(configurationJsonSchema(), '');
    expect(withoutText).toEqual([]);
  });
});
