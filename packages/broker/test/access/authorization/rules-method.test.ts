import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../src/access/authorization/rule.ts';
import { ruleFrom } from '../../../src/access/authorization/rule.ts';
import { RulesMethod } from '../../../src/access/authorization/rules-method.ts';
import type {
  RuleConfiguration,
  RuleSubjectConfiguration,
} from '../../../src/config/access-configuration.ts';
import type { AuthorizedAction, ClientIdentity } from '../../../src/core/ports/authorizer.ts';
import { ask, identity, request } from './asking.ts';

const EVERYONE: RuleSubjectConfiguration = {
  users: null,
  groups: null,
  clientIds: null,
  addresses: null,
  certificates: null,
  listeners: null,
  anonymous: null,
};

type ShortRule = Partial<Omit<RuleConfiguration, 'who'>> & {
  readonly who?: Partial<RuleSubjectConfiguration>;
};

function configured({ who, ...rule }: ShortRule): RuleConfiguration {
  return {
    allow: null,
    deny: null,
    topics: ['#'],
    qos: null,
    retain: null,
    ...rule,
    who: { ...EVERYONE, ...who },
  };
}

const GROUPS = { operators: ['ann', 'bob'] };

function checked(rule: ShortRule, index = 0, problems: string[] = []): Rule {
  return ruleFrom(
    configured(rule),
    { index, groups: GROUPS, source: 'martlet.yaml', line: 10 + index },
    (path, text) => problems.push(`${path.join('.')}: ${text}`),
  );
}

function methodOf(...rules: readonly ShortRule[]): RulesMethod {
  return new RulesMethod(rules.map((rule, index) => checked(rule, index)));
}

const ANN = identity({ username: 'ann' });

describe('Rights by rules', () => {
  /** What the guide's table says, row by row. */
  const FILTERS: readonly (readonly [
    rule: ShortRule,
    action: AuthorizedAction,
    topic: string,
    expected: string,
  ])[] = [
    [{ allow: ['publish'], topics: ['a/+'] }, 'publish', 'a/b', 'allowed'],
    [{ allow: ['publish'], topics: ['a/+'] }, 'will', 'a/b', 'allowed'],
    [{ allow: ['publish'], topics: ['a/+'] }, 'publish', 'a/b/c', 'undecided'],
    [{ allow: ['publish'], topics: ['a/+'] }, 'subscribe', 'a/b', 'undecided'],
    [{ allow: ['publish'], topics: ['#'] }, 'publish', '$a/b', 'undecided'],
    [{ deny: ['publish'], topics: ['a/+'] }, 'publish', 'a/b', 'denied'],
    [{ deny: ['publish'], topics: ['a/+'] }, 'will', 'a/b', 'denied'],
    // An allow must cover the filter, a deny need only touch it.
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'subscribe', 'a/#', 'allowed'],
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'subscribe', 'a/+/c', 'allowed'],
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'subscribe', 'a', 'allowed'],
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'subscribe', '#', 'undecided'],
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'subscribe', '+/b', 'undecided'],
    [{ allow: ['subscribe'], topics: ['a/+'] }, 'subscribe', 'a/#', 'undecided'],
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'subscribe', '$share/g/a/b', 'allowed'],
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'subscribe', '$share/g/b', 'undecided'],
    [{ deny: ['subscribe'], topics: ['a/#'] }, 'subscribe', 'a/b', 'denied'],
    [{ deny: ['subscribe'], topics: ['a/#'] }, 'subscribe', '#', 'denied'],
    [{ deny: ['subscribe'], topics: ['a/#'] }, 'subscribe', '+/b', 'denied'],
    [{ deny: ['subscribe'], topics: ['a/#'] }, 'subscribe', '$share/g/+/b', 'denied'],
    [{ deny: ['subscribe'], topics: ['a/#'] }, 'subscribe', 'b/#', 'undecided'],
    [{ deny: ['subscribe'], topics: ['$SYS/#'] }, 'subscribe', '#', 'undecided'],
    // What may be subscribed to is received, unless a rule about receiving decides.
    [{ allow: ['subscribe'], topics: ['a/#'] }, 'receive', 'a/b', 'allowed'],
    [{ deny: ['subscribe'], topics: ['a/#'] }, 'receive', 'a/b', 'denied'],
    [{ allow: ['receive'], topics: ['a/#'] }, 'receive', 'a/b', 'allowed'],
    [{ allow: ['receive'], topics: ['a/#'] }, 'subscribe', 'a/b', 'undecided'],
    [{ deny: ['receive'], topics: ['a/#'] }, 'receive', 'a/b', 'denied'],
    [{ deny: ['receive'], topics: ['a/#'] }, 'subscribe', 'a/b', 'undecided'],
    // Unsubscribing is asked of rules that name it only.
    [{ deny: ['subscribe'], topics: ['#'] }, 'unsubscribe', 'a', 'undecided'],
    [{ deny: ['unsubscribe'], topics: ['a/#'] }, 'unsubscribe', '#', 'denied'],
    [{ allow: ['unsubscribe'], topics: ['a/#'] }, 'unsubscribe', 'a/b', 'allowed'],
  ];

  it.each(FILTERS)('by %j, %s %s is %s', (rule, action, topic, expected) => {
    expect(ask(methodOf(rule), ANN, action, topic)).toBe(expected);
  });

  it('the first rule that decides counts', () => {
    const before = methodOf(
      { deny: ['subscribe'], topics: ['a/b'] },
      { allow: ['subscribe'], topics: ['a/#'] },
    );
    expect(ask(before, ANN, 'subscribe', 'a/#')).toBe('denied');
    expect(ask(before, ANN, 'subscribe', 'a/c')).toBe('allowed');
    const after = methodOf(
      { allow: ['subscribe'], topics: ['a/#'] },
      { deny: ['subscribe'], topics: ['a/b'] },
    );
    expect(ask(after, ANN, 'subscribe', 'a/b')).toBe('allowed');
  });

  it('rules of one user stand in their order among those of all', () => {
    const method = methodOf(
      { deny: ['publish'], topics: ['a'] },
      { allow: ['publish'], topics: ['a', 'b'], who: { users: ['ann'] } },
      { deny: ['publish'], topics: ['b', 'c'] },
      { allow: ['publish'], topics: ['c'], who: { users: ['ann', 'ann'] } },
    );
    expect(['a', 'b', 'c'].map((topic) => ask(method, ANN, 'publish', topic))).toEqual([
      'denied',
      'allowed',
      'denied',
    ]);
    expect(
      ['a', 'b', 'c'].map((topic) => ask(method, identity({ username: 'bob' }), 'publish', topic)),
    ).toEqual(['denied', 'denied', 'denied']);
  });

  const certificate = (commonName: string | undefined, ...subjectAlternativeNames: string[]) => ({
    protocol: 'TLSv1.3',
    cipher: 'x',
    certificate: {
      commonName,
      subjectAlternativeNames,
      subject: '',
      fingerprint256: '',
      serialNumber: '',
      issuer: '',
    },
  });

  const SUBJECTS: readonly (readonly [
    Partial<RuleSubjectConfiguration>,
    Partial<ClientIdentity>,
    boolean,
  ])[] = [
    [{}, {}, true],
    [{ users: ['ann'] }, { username: 'ann' }, true],
    [{ users: ['ann'] }, { username: 'anna' }, false],
    [{ users: ['ann'] }, {}, false],
    [{ users: ['an*'] }, { username: 'anna' }, true],
    [{ users: ['*'] }, {}, false],
    [{ users: [] }, { username: 'ann' }, false],
    [{ groups: ['operators'] }, { username: 'bob' }, true],
    [{ groups: ['operators'] }, { username: 'carol' }, false],
    [{ groups: ['operators'] }, { username: 'carol', groups: ['operators'] }, true],
    [{ groups: ['operators'] }, {}, false],
    [{ groups: ['constructor'] }, { username: 'ann' }, false],
    [{ clientIds: ['pump-*'] }, { clientId: 'pump-7' }, true],
    [{ clientIds: ['pump-*'] }, { clientId: 'a-pump-7' }, false],
    [{ addresses: ['10.0.0.0/8'] }, { peer: '10.1.2.3:999' }, true],
    [{ addresses: ['10.0.0.0/8'] }, { peer: '11.1.2.3:999' }, false],
    [{ addresses: ['2001:db8::/32'] }, { peer: '[2001:db8::1]:999' }, true],
    [{ addresses: ['2001:db8::1'] }, { peer: '[2001:db8::2]:999' }, false],
    [{ addresses: ['::ffff:10.0.0.0/104'] }, { peer: '10.1.2.3:999' }, true],
    [{ addresses: ['fe80::/10'] }, { peer: '[fe80::1%eth0]:999' }, true],
    [{ addresses: ['0.0.0.0/0', '::/0'] }, { peer: '/run/martlet.sock' }, false],
    [{ certificates: ['pump'] }, { security: certificate('pump') }, true],
    [
      { certificates: ['dns:*.example.org'] },
      { security: certificate(undefined, 'dns:a.example.org') },
      true,
    ],
    [{ certificates: ['a.example.org'] }, { security: certificate(undefined, 'dns:a.example.org') }, false],
    [{ certificates: ['*'] }, {}, false],
    [{ listeners: ['tcp:1883'] }, {}, true],
    [{ listeners: ['tls:8883'] }, {}, false],
    [{ anonymous: true }, {}, true],
    [{ anonymous: true }, { username: 'ann' }, false],
    [{ anonymous: false }, { username: 'ann' }, true],
    [{ users: ['ann'], clientIds: ['c1'] }, { username: 'ann', clientId: 'c2' }, false],
    [{ users: ['ann', 'bob'], addresses: ['127.0.0.1'] }, { username: 'bob' }, true],
  ];

  it.each(SUBJECTS)('who: %j is %j: %s', (who, of, expected) => {
    const method = methodOf({ allow: ['publish'], topics: ['a'], who });
    expect(ask(method, identity(of), 'publish', 'a')).toBe(expected ? 'allowed' : 'undecided');
  });

  const TEMPLATES: readonly (readonly [
    template: string,
    of: Partial<ClientIdentity>,
    topic: string,
    expected: string,
  ])[] = [
    ['x/%u/#', { username: 'ann' }, 'x/ann/y', 'allowed'],
    ['x/%u/#', { username: 'ann' }, 'x/bob/y', 'undecided'],
    ['x/%u/#', {}, 'x/undefined/y', 'undecided'],
    ['x/%c', { clientId: 'c1' }, 'x/c1', 'allowed'],
    ['x/a%c', { clientId: 'c1' }, 'x/ac1', 'undecided'],
    ['x/a%c', { clientId: 'c1' }, 'x/a%c', 'allowed'],
    ['x/%u', { username: 'a/b' }, 'x/a/b', 'undecided'],
    ['x/%u', { username: '' }, 'x/', 'undecided'],
    ['%u/x', { username: '$SYS' }, '$SYS/x', 'undecided'],
  ];

  it.each(TEMPLATES)('%s for %j and %s: %s', (template, of, topic, expected) => {
    const method = methodOf({ allow: ['publish'], topics: [template] });
    expect(ask(method, identity(of), 'publish', topic)).toBe(expected);
  });

  it.each(['+', '#', 'a/#', '+/b'])('a client that calls itself %s reaches nothing more', (name) => {
    const method = methodOf({ allow: ['subscribe'], topics: ['x/%u', 'x/%c'] });
    const client = identity({ username: name, clientId: name });
    for (const filter of [`x/${name}`, 'x/+', 'x/#', 'x/a'])
      expect(ask(method, client, 'subscribe', filter)).toBe('undecided');
  });

  it('qos is the highest to publish at, and the highest that is granted', () => {
    const method = methodOf({ allow: ['publish', 'subscribe'], topics: ['a'], qos: 1 });
    expect([0, 1, 2].map((qos) => ask(method, ANN, 'publish', 'a', { qos: qos as 0 | 1 | 2 }))).toEqual([
      'allowed',
      'allowed',
      'undecided',
    ]);
    expect(method.decide(request(ANN, 'subscribe', 'a', { qos: 2 }))).toMatchObject({
      allowed: true,
      qos: 1,
    });
  });

  it('retain: false allows messages that are not retained, and true denies those that are', () => {
    const allowing = methodOf({ allow: ['publish', 'subscribe'], topics: ['a'], retain: false });
    expect(ask(allowing, ANN, 'publish', 'a', { retain: true })).toBe('undecided');
    expect(ask(allowing, ANN, 'publish', 'a')).toBe('allowed');
    expect(ask(allowing, ANN, 'subscribe', 'a')).toBe('allowed');
    const denying = methodOf({ deny: ['publish'], topics: ['a'], retain: true });
    expect(ask(denying, ANN, 'publish', 'a', { retain: true })).toBe('denied');
    expect(ask(denying, ANN, 'publish', 'a')).toBe('undecided');
  });

  it('says which rule decided, with its line and its text', () => {
    const method = methodOf(
      { allow: ['publish'], topics: ['b'] },
      { deny: ['publish'], topics: ['a/#'], who: { users: ['ann'] } },
    );
    expect(method.decide(request(ANN, 'publish', 'a/b'))?.rule).toEqual({
      source: 'martlet.yaml',
      line: 11,
      text: 'deny: [publish], topics: ["a/#"], who: {users: ["ann"]}',
    });
  });

  it('asks about unsubscribing only if a rule names it', () => {
    expect(methodOf({ allow: ['subscribe'] }).asks).toEqual({ receive: true, unsubscribe: false });
    expect(methodOf({ deny: ['unsubscribe'] }).asks).toEqual({ receive: true, unsubscribe: true });
    expect(new RulesMethod([]).asks).toEqual({ receive: false, unsubscribe: false });
  });

  const MISTAKES: readonly (readonly [ShortRule, string])[] = [
    [{}, ': expected either "allow" or "deny", got neither'],
    [{ allow: ['publish'], deny: ['publish'] }, ': expected either "allow" or "deny", got both'],
    [{ allow: ['publish'], topics: ['a', 'a/#/b'] }, 'topics.1: expected a topic filter, got "a/#/b"'],
    [{ allow: ['subscribe'], topics: ['$share/g/a'] }, 'topics.0: expected the topic filter without $share/'],
    [{ deny: ['publish'], qos: 1 }, 'qos: expected "qos" in a rule that allows'],
    [
      { deny: ['publish', 'subscribe'], retain: true },
      'retain: expected "retain" in a rule that denies only "publish"',
    ],
    [
      { allow: ['publish'], who: { addresses: ['10.0.0.0/8', 'nowhere'] } },
      'who.addresses.1: expected an address',
    ],
    [{ allow: ['publish'], who: { addresses: ['10.0.0.0/33'] } }, 'who.addresses.0: expected 0 to 32 bits'],
    [{ allow: ['publish'], who: { addresses: ['::/129'] } }, 'who.addresses.0: expected 0 to 128 bits'],
    [{ allow: ['publish'], who: { addresses: ['1.2.3.4/8/8'] } }, 'who.addresses.0: expected an address'],
  ];

  it.each(MISTAKES)('%j is told: %s', (rule, expected) => {
    const problems: string[] = [];
    checked(rule, 0, problems);
    expect(problems).toEqual([expect.stringContaining(expected)]);
  });
});
