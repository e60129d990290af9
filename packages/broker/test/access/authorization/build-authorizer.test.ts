import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildAuthorizer } from '../../../src/access/authorization/build-authorizer.ts';
import type { AuthorizationConfiguration } from '../../../src/config/access-configuration.ts';
import { ConfigurationError, problemText } from '../../../src/config/configuration-error.ts';
import { loadConfiguration } from '../../../src/config/load-configuration.ts';
import { identity, request } from './asking.ts';
import { describeAuthorizer } from './authorizer-contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-rights-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function fileOf(content: string, name = `file-${++files}`): string {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
}

/** A whole configuration in YAML, as an operator writes it. */
async function built(yaml: string) {
  const { configuration, source } = await loadConfiguration(fileOf(yaml), { env: {}, overrides: [] });
  return buildAuthorizer(configuration.authorization, { source });
}

const NOTHING: AuthorizationConfiguration = { default: 'allow', methods: [], groups: {}, rules: [] };

async function problemsOf(configuration: Partial<AuthorizationConfiguration>): Promise<readonly string[]> {
  try {
    await buildAuthorizer({ ...NOTHING, ...configuration });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(problemText);
  }
}

describe('The authoriser of a configuration', () => {
  it('asks its methods in order, and the first definite answer counts', async () => {
    const acl = fileOf('topic read a/#\ntopic write w\n', 'acl');
    const yaml = `
authorization:
  methods:
    - { type: token }
    - type: rules
    - { type: aclFile, file: ${acl} }
  rules:
    - deny: [subscribe]
      topics: [a/secret]
`;
    const { authorizer, files: read } = await built(yaml);
    expect(read).toEqual([acl]);
    const withToken = identity({ permissions: { publish: ['t/%c'], subscribe: ['t/#', 'no/#/filter'] } });
    const ask = (
      client: ReturnType<typeof identity>,
      action: 'publish' | 'subscribe' | 'receive',
      topic: string,
    ) => {
      const { allowed, rule } = authorizer.authorize(request(client, action, topic), () => {})!;
      return `${allowed} ${rule?.source.replace(`${directory}/`, '')}:${rule?.line ?? ''}`;
    };
    expect(ask(withToken, 'publish', 't/c1')).toBe('true token of the client:');
    expect(ask(withToken, 'publish', 't/c2')).toBe('false token of the client:');
    expect(ask(withToken, 'subscribe', 't/+')).toBe('true token of the client:');
    expect(ask(withToken, 'receive', 't/x')).toBe('true token of the client:');
    expect(ask(withToken, 'receive', 'a/b')).toBe('false token of the client:');
    expect(ask(identity(), 'subscribe', 'a/secret')).toMatch(/^false file-\d+:8$/);
    expect(ask(identity(), 'subscribe', 'a/b')).toBe('true acl:1');
    expect(ask(identity(), 'publish', 'w')).toBe('true acl:2');
  });

  it('falls back on its default, and says so', async () => {
    const { authorizer } = await built('authorization:\n  default: deny\n');
    expect(authorizer.authorize(request(identity(), 'publish', 'a'), () => {})).toEqual({
      allowed: false,
      reasonString: 'not authorized: no rule allows to publish to this topic',
      rule: { source: expect.stringContaining(directory), line: 2, text: 'default: deny' },
    });
    expect(authorizer.authorize(request(identity(), 'unsubscribe', 'a'), () => {})?.allowed).toBe(true);
    expect(authorizer.asks).toEqual({ receive: false, unsubscribe: false });
  });

  it('names every line of every file that is wrong', async () => {
    const acl = fileOf('nonsense\ntopic a b\n', 'bad-acl');
    const rule = { allow: null, deny: null, topics: ['a'], qos: null, retain: null };
    const who = {
      ...{ users: null, groups: null, clientIds: null, addresses: null },
      ...{ certificates: null, listeners: null, anonymous: null },
    };
    expect(
      await problemsOf({
        methods: [
          { type: 'aclFile', file: acl, denySubscribe: true },
          { type: 'aclFile', file: join(directory, 'missing'), denySubscribe: true },
          { type: 'dynamicSecurity' },
          { type: 'rules' },
        ],
        rules: [{ ...rule, who }],
      }),
    ).toEqual([
      'configuration: authorization.rules[0]: expected either "allow" or "deny", got neither',
      'configuration: authorization.methods[2]: expected the section "dynamicSecurity", got none',
      `${acl}:1: expected "user", "topic", "pattern" or a comment, got "nonsense"`,
      `${acl}:2: expected "read", "write", "readwrite" or "deny" before the topic filter, got "a"`,
      expect.stringContaining('authorization.methods[1].file: expected a file that is there'),
    ]);
  });

  it('refuses what is no text file, with one line each', async () => {
    mkdirSync(join(directory, 'folder'));
    writeFileSync(join(directory, 'latin1'), Buffer.from('topic a\ntopic \xe4\n', 'latin1'));
    writeFileSync(join(directory, 'binary'), new Uint8Array(1000));
    const paths = ['folder', 'latin1', 'binary'].map((name) => join(directory, name));
    const problems = await problemsOf({
      methods: paths.map((file) => ({ type: 'aclFile', file, denySubscribe: true })),
    });
    expect(problems).toEqual([
      expect.stringContaining('got a directory'),
      expect.stringMatching(/latin1:2: .*UTF-8/),
      expect.stringMatching(/binary:1: .*NUL/),
    ]);
  });

  it('notes rules that nobody asks', async () => {
    const rules = 'rules:\n    - { allow: [publish], topics: [a] }\n';
    const { notices } = await built(`authorization:\n  methods: [{ type: token }]\n  ${rules}`);
    expect(notices).toEqual([expect.objectContaining({ severity: 'notice', code: 'rules-not-asked' })]);
  });
});

describeAuthorizer(
  'What allows everything by default',
  async () => (await buildAuthorizer(NOTHING)).authorizer,
);
describeAuthorizer('An acl_file', async () => {
  const file = fileOf('topic #\npattern readwrite %u/%c\npattern deny +/%c\nuser ann\ntopic read a\n');
  return (await buildAuthorizer({ ...NOTHING, methods: [{ type: 'aclFile', file, denySubscribe: true }] }))
    .authorizer;
});
describeAuthorizer('A list of rules', async () => {
  const yaml = `
authorization:
  rules:
    - { deny: [publish, subscribe, receive], topics: ['+/%u/#'], who: { clientIds: ['*a*'] } }
    - { allow: [publish, subscribe, unsubscribe], topics: ['#'], qos: 1 }
    - { deny: [unsubscribe], topics: ['%c'] }
`;
  return (await built(yaml)).authorizer;
});
describeAuthorizer(
  'A token',
  async () => (await buildAuthorizer({ ...NOTHING, methods: [{ type: 'token' }] })).authorizer,
);
