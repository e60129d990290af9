import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { ComposedAuthorizer } from '../../../src/access/authorization/composed-authorizer.ts';
import type { AuthorizedAction, ClientIdentity } from '../../../src/core/ports/authorizer.ts';
import { ask, identity, request } from '../authorization/asking.ts';
import { describeAuthorizer } from '../authorization/authorizer-contract.ts';
import { SecurityRig } from './security-rig.ts';

const FIRST = readFileSync(new URL('mosquitto-first.json', import.meta.url), 'utf8');

let rig: SecurityRig | undefined;
afterEach(() => {
  rig?.close();
  rig = undefined;
});

type Acl = readonly [acltype: string, topic: string, allow: boolean, priority?: number];

const acls = (list: readonly Acl[]) =>
  list.map(([acltype, topic, allow, priority = 0]) => ({ acltype, topic, allow, priority }));

/** A client `u` with one role of these ACLs. */
async function withRole(list: readonly Acl[], more: object = {}): Promise<SecurityRig> {
  rig = await SecurityRig.open({ content: FIRST });
  const answers = await rig.run(
    { command: 'createRole', rolename: 'r', acls: acls(list), ...more },
    { command: 'createClient', username: 'u', roles: [{ rolename: 'r' }] },
  );
  expect(answers.map(({ error }) => error)).toEqual([undefined, undefined]);
  return rig;
}

const asked = (
  action: AuthorizedAction,
  topic: string,
  client: ClientIdentity = identity({ username: 'u' }),
) => ask(rig!.security.authorization, client, action, topic);

describe('Rights by roles', () => {
  /** As Debian's Mosquitto 2.0.11 answers, but for the last ones, which it grants or refuses otherwise. */
  const SUBSCRIPTIONS: readonly (readonly [list: readonly Acl[], filter: string, expected: string])[] = [
    [[['subscribePattern', 'a/#', true]], 'a/b', 'allowed'],
    [[['subscribePattern', 'a/#', true]], 'a', 'allowed'],
    [[['subscribePattern', 'a/#', true]], 'a/+', 'allowed'],
    [[['subscribePattern', 'a/#', true]], 'a/#', 'allowed'],
    [[['subscribePattern', 'a/#', true]], '#', 'denied'],
    [[['subscribePattern', 'a/#', true]], '+/b', 'denied'],
    [[['subscribePattern', 'a/+', true]], 'a/+', 'allowed'],
    [[['subscribePattern', 'a/+', true]], 'a/#', 'denied'],
    [[['subscribePattern', 'a/+', true]], 'a/+/c', 'denied'],
    [
      [
        ['subscribePattern', '#', true],
        ['subscribePattern', 's/#', false, 5],
      ],
      's/x',
      'denied',
    ],
    [
      [
        ['subscribePattern', '#', true],
        ['subscribePattern', 's/#', false, 5],
      ],
      '#',
      'allowed',
    ],
    [
      [
        ['subscribePattern', '#', true],
        ['subscribePattern', 's/#', false, -5],
      ],
      's/x',
      'allowed',
    ],
    [
      [
        ['subscribeLiteral', 'a/b', true],
        ['subscribePattern', 'a/#', false, 100],
      ],
      'a/b',
      'allowed',
    ],
    [
      [
        ['subscribeLiteral', 'a/b', true],
        ['subscribePattern', 'a/#', false, 100],
      ],
      'a/c',
      'denied',
    ],
    [
      [
        ['subscribeLiteral', 'a/b', false],
        ['subscribePattern', 'a/#', true, 100],
      ],
      'a/b',
      'denied',
    ],
    [[['subscribeLiteral', '$share/g/a', true]], '$share/g/a', 'allowed'],
    [[['subscribeLiteral', '$share/g/a', true]], 'a', 'denied'],
    [[['subscribePattern', '$share/g/a/#', true]], '$share/g/a/b', 'allowed'],
    [[['subscribePattern', '$share/g/a/#', true]], '$share/h/a', 'denied'],
    [[['subscribeLiteral', '#', true]], '#', 'allowed'],
    [[['subscribeLiteral', '#', true]], 'a', 'denied'],
    [[], 'zz', 'denied'],
    // Of Mosquitto 2.1: names of the client, but not in literals.
    [[['subscribePattern', 'u/%u', true]], 'u/u', 'allowed'],
    [[['subscribePattern', 'c/%c/#', true]], 'c/c1/x', 'allowed'],
    [[['subscribeLiteral', 'u/%u', true]], 'u/u', 'denied'],
    [[['subscribeLiteral', 'u/%u', true]], 'u/%u', 'allowed'],
    // Shared subscriptions are about what they share; Mosquitto 2.0 sees the text only.
    [[['subscribePattern', 'a/#', true]], '$share/g/a/b', 'allowed'],
    [
      [
        ['subscribePattern', '#', true],
        ['subscribePattern', 's/#', false, 5],
      ],
      '$share/g/s/x',
      'denied',
    ],
    // A wildcard stands for no topic that begins with $; Mosquitto 2.0 lets # subscribe to $SYS.
    [[['subscribePattern', '#', true]], '$SYS/#', 'denied'],
  ];

  it.each(SUBSCRIPTIONS)('with %j, a subscription to %s is %s', async (list, filter, expected) => {
    await withRole(list);
    expect(asked('subscribe', filter)).toBe(expected);
    const unsubscribing = list.map(
      ([type, ...rest]): Acl => [type.replace('subscribe', 'unsubscribe'), ...rest],
    );
    await rig!.run(
      { command: 'modifyRole', rolename: 'r', acls: acls(unsubscribing) },
      { command: 'setDefaultACLAccess', acls: [{ acltype: 'unsubscribe', allow: false }] },
    );
    expect(asked('unsubscribe', filter)).toBe(expected);
  });

  it('publishing, wills and receiving have ACLs of their own, and defaults', async () => {
    await withRole([
      ['publishClientSend', 'out/#', true],
      ['publishClientSend', 'out/no', false, 1],
      ['publishClientReceive', 'in/no/#', false],
    ]);
    for (const action of ['publish', 'will'] as const)
      expect(['out/a', 'out/no', 'x'].map((topic) => asked(action, topic))).toEqual([
        'allowed',
        'denied',
        'denied',
      ]);
    expect(['in/a', 'in/no/a'].map((topic) => asked('receive', topic))).toEqual(['allowed', 'denied']);
    await rig!.run({
      command: 'setDefaultACLAccess',
      acls: ['publishClientSend', 'publishClientReceive', 'subscribe'].map((acltype) => ({
        acltype,
        allow: acltype !== 'publishClientReceive',
      })),
    });
    expect([asked('publish', 'x'), asked('receive', 'in/a'), asked('subscribe', 'x')]).toEqual([
      'allowed',
      'denied',
      'allowed',
    ]);
  });

  it('roles are asked by priority, and then by name; those of the client before those of its groups', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    const role = (rolename: string, ...list: readonly Acl[]) => ({
      command: 'createRole',
      rolename,
      acls: acls(list),
    });
    await rig.run(
      role('yes', ['publishClientSend', '#', true]),
      role('no', ['publishClientSend', '#', false, 100]),
      { command: 'createGroup', groupname: 'yes', roles: [{ rolename: 'yes', priority: 100 }] },
      { command: 'createGroup', groupname: 'no', roles: [{ rolename: 'no' }] },
      {
        command: 'createClient',
        username: 'higher',
        roles: [{ rolename: 'yes', priority: 1 }, { rolename: 'no' }],
      },
      { command: 'createClient', username: 'byName', roles: [{ rolename: 'yes' }, { rolename: 'no' }] },
      {
        command: 'createClient',
        username: 'own',
        roles: [{ rolename: 'no' }],
        groups: [{ groupname: 'yes', priority: 100 }],
      },
      {
        command: 'createClient',
        username: 'groups',
        groups: [
          { groupname: 'yes', priority: 2 },
          { groupname: 'no', priority: 1 },
        ],
      },
      {
        command: 'createClient',
        username: 'groupsByName',
        groups: [{ groupname: 'yes' }, { groupname: 'no' }],
      },
    );
    const verdicts = ['higher', 'byName', 'own', 'groups', 'groupsByName'].map((username) =>
      asked('publish', 'a', identity({ username })),
    );
    expect(verdicts).toEqual(['allowed', 'denied', 'denied', 'allowed', 'denied']);
  });

  it('a role may forbid wildcards', async () => {
    await withRole(
      [
        ['subscribePattern', 'a/#', true],
        ['subscribeLiteral', 'b/#', true],
      ],
      { allowwildcardsubs: false },
    );
    expect(['a/b', 'a/#', 'a/+', 'b/#', '$share/g/a/+'].map((filter) => asked('subscribe', filter))).toEqual([
      ...['allowed', 'denied', 'denied', 'denied', 'denied'],
    ]);
  });

  it('clients without a user name have the roles of the anonymous group', async () => {
    await withRole([['publishClientSend', 'open', true]]);
    expect(asked('publish', 'open', identity())).toBe('denied');
    await rig!.run(
      { command: 'createGroup', groupname: 'g', roles: [{ rolename: 'r' }] },
      { command: 'setAnonymousGroup', groupname: 'g' },
    );
    expect(['open', 'x'].map((topic) => asked('publish', topic, identity()))).toEqual(['allowed', 'denied']);
  });

  it('others decide about user names that are not known, and nobody gets rights by + or # in a name', async () => {
    await withRole([['publishClientSend', '#', true]]);
    expect(asked('publish', 'a', identity({ username: 'stranger' }))).toBe('undecided');
    expect(asked('publish', 'a', identity({ username: 'u', clientId: 'c+' }))).toBe('denied');
  });

  it('take effect at once when they are changed', async () => {
    await withRole([['publishClientSend', 'a', true]]);
    const client = identity({ username: 'u' });
    expect(asked('publish', 'a', client)).toBe('allowed');
    await rig!.run({ command: 'removeRoleACL', rolename: 'r', acltype: 'publishClientSend', topic: 'a' });
    expect(asked('publish', 'a', client)).toBe('denied');
    await rig!.run({ command: 'deleteClient', username: 'u' });
    expect(asked('publish', 'a', client)).toBe('undecided');
  });

  it('say which ACL of which role decided, or which default', async () => {
    const { security } = await withRole([['publishClientSend', 'a/#', false, 3]]);
    const ruleOf = (action: AuthorizedAction, topic: string) =>
      security.authorization.decide(request(identity({ username: 'u' }), action, topic))?.rule;
    expect(ruleOf('publish', 'a/b')).toEqual({
      source: 'dynamic security',
      line: undefined,
      text: 'role r: deny publishClientSend a/#, priority 3',
    });
    expect(ruleOf('subscribe', 'a')?.text).toBe('default access: deny subscribe');
    expect(ruleOf('receive', 'a')?.text).toBe('default access: allow publishClientReceive');
  });
});

describeAuthorizer('Dynamic security', async () => {
  rig?.close();
  await withRole([
    ['publishClientSend', '#', true],
    ['subscribePattern', '%u/#', true],
    ['subscribeLiteral', '#', false],
  ]);
  await rig!.run({ command: 'createClient', username: 'ann', roles: [{ rolename: 'r' }] });
  return new ComposedAuthorizer([rig!.security.authorization], { default: 'allow' });
});
