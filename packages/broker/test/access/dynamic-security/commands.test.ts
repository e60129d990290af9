import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  MOST_ANSWER_CHARACTERS,
  MOST_COMMANDS,
  MOST_MESSAGE_BYTES,
} from '../../../src/access/dynamic-security/command-message.ts';
import { SecurityRig } from './security-rig.ts';

const FIRST = readFileSync(new URL('mosquitto-first.json', import.meta.url), 'utf8');

let rig: SecurityRig;
afterEach(() => rig.close());

async function opened(...commands: unknown[]): Promise<void> {
  rig = await SecurityRig.open({ content: FIRST });
  const answers = await rig.run(
    { command: 'createRole', rolename: 'r' },
    { command: 'createRole', rolename: 'q' },
    { command: 'createGroup', groupname: 'g', roles: [{ rolename: 'r' }] },
    { command: 'createGroup', groupname: 'h' },
    { command: 'createClient', username: 'u', password: 'p', roles: [{ rolename: 'r' }] },
    { command: 'createClient', username: 'v', password: 'p', groups: [{ groupname: 'g' }] },
    ...commands,
  );
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
}

/** Who is disconnected; `-` stands for clients without a user name. */
async function kickedBy(...commands: unknown[]): Promise<readonly string[]> {
  const payload = new TextEncoder().encode(JSON.stringify({ commands }));
  const { kicked } = await rig.security.handle(payload, 'test/admin');
  return [...kicked].map((username) => username ?? '-').sort();
}

const ANON = { command: 'setAnonymousGroup', groupname: 'g' };

describe('Commands', () => {
  /** As with Debian's Mosquitto 2.0.11, who ends as many connections. */
  const KICKS: readonly (readonly [command: object, ...kicked: string[]])[] = [
    [{ command: 'setClientPassword', username: 'u', password: 'n' }, 'u'],
    [{ command: 'setClientId', username: 'u', clientid: 'z' }, 'u'],
    [{ command: 'addClientRole', username: 'u', rolename: 'q' }, 'u'],
    [{ command: 'removeClientRole', username: 'u', rolename: 'r' }, 'u'],
    [{ command: 'modifyClient', username: 'u', textname: 'x' }, 'u'],
    [{ command: 'disableClient', username: 'u' }, 'u'],
    [{ command: 'enableClient', username: 'u' }],
    [{ command: 'addGroupClient', groupname: 'g', username: 'u' }, 'u'],
    [{ command: 'removeGroupClient', groupname: 'g', username: 'v' }, 'v'],
    [{ command: 'addGroupRole', groupname: 'g', rolename: 'q' }, 'v'],
    [{ command: 'removeGroupRole', groupname: 'g', rolename: 'r' }, 'v'],
    [{ command: 'modifyGroup', groupname: 'g', textname: 'x' }, 'v'],
    [{ command: 'modifyGroup', groupname: 'g', clients: [{ username: 'u' }] }, 'u', 'v'],
    [{ command: 'addRoleACL', rolename: 'r', acltype: 'publishClientSend', topic: 'q' }],
    [{ command: 'modifyRole', rolename: 'r', textname: 'x' }],
    [{ command: 'setDefaultACLAccess', acls: [] }],
    [ANON, '-'],
    [{ command: 'deleteClient', username: 'u' }, 'u'],
    [{ command: 'deleteGroup', groupname: 'g' }, 'v'],
    [{ command: 'deleteRole', rolename: 'r' }, 'u', 'v'],
    [{ command: 'deleteRole', rolename: 'q' }],
    [{ command: 'createClient', username: 'w' }],
    [{ command: 'deleteClient', username: 'nobody' }],
  ];

  it.each(KICKS)('%j disconnects those whom it concerns', async (command, ...kicked) => {
    await opened();
    expect(await kickedBy(command)).toEqual(kicked);
  });

  it('disconnect clients without a user name when their group is changed', async () => {
    await opened(ANON);
    expect(await kickedBy({ command: 'addGroupRole', groupname: 'g', rolename: 'q' })).toEqual(['-', 'v']);
    expect(await kickedBy({ command: 'deleteRole', rolename: 'q' })).toEqual(['-', 'v']);
  });

  it('disconnect nobody when they cannot be kept', async () => {
    await opened();
    rig.close(); // the directory is gone
    expect(await kickedBy({ command: 'deleteClient', username: 'u' })).toEqual([]);
  });

  /** Mosquitto 2.0 accepts these, and drops what it does not understand without a word, or crashes. */
  const STRICTER: readonly (readonly [command: object, error: string])[] = [
    [{ command: 'createClient', username: '' }, 'Invalid/missing username'],
    [{ command: 'createClient', username: 'a\0b' }, 'Username not valid UTF-8'],
    [{ command: 'createClient', username: '\ud800' }, 'Username not valid UTF-8'],
    [{ command: 'createClient', username: 'x'.repeat(65_536) }, 'Username not valid UTF-8'],
    [
      { command: 'createClient', username: 'w', groups: 'x' },
      "'groups' not an array or missing/invalid groupname",
    ],
    [{ command: 'modifyClient', username: 'u', password: 5 }, 'Invalid/missing password'],
    [{ command: 'modifyClient', username: 'u', textname: 5 }, 'Invalid/missing textname'],
    [{ command: 'modifyClient', username: 'u', groups: [{ groupname: 'missing' }] }, 'Group not found'],
    [{ command: 'addClientRole', username: 'u', rolename: 'r' }, 'Client already has this role'],
    [{ command: 'createRole', rolename: '' }, 'Invalid/missing rolename'],
    [{ command: 'createRole', rolename: 'x', acls: 'x' }, 'Missing/invalid acls array'],
    [{ command: 'createRole', rolename: 'x', acls: [5] }, 'Missing/invalid acls array'],
    [{ command: 'createRole', rolename: 'x', acls: [{ acltype: 'nope', topic: 'a' }] }, 'Unknown acltype'],
    [
      { command: 'createRole', rolename: 'x', acls: [{ acltype: 'subscribeLiteral' }] },
      'Invalid/missing topic',
    ],
    [
      { command: 'createRole', rolename: 'x', acls: [{ acltype: 'subscribeLiteral', topic: 'a/#/b' }] },
      'Invalid ACL topic',
    ],
    [
      {
        command: 'modifyRole',
        rolename: 'r',
        acls: ['a', 'a'].map((topic) => ({ acltype: 'subscribeLiteral', topic })),
      },
      'ACL with this topic already exists',
    ],
    [
      { command: 'createGroup', groupname: 'x', roles: 'x' },
      "'roles' not an array or missing/invalid rolename",
    ],
    [{ command: 'createGroup', groupname: 'x', clients: [{ username: 'missing' }] }, 'Client not found'],
    [
      { command: 'modifyGroup', groupname: 'g', clients: 5 },
      "'clients' not an array or missing/invalid username",
    ],
    [{ command: 'setDefaultACLAccess', acls: [{ acltype: 'nope', allow: true }] }, 'Unknown acltype'],
    [
      { command: 'setDefaultACLAccess', acls: [{ acltype: 'subscribe', allow: 'yes' }] },
      'Invalid/missing allow',
    ],
  ];

  it.each(STRICTER)('%j is refused, and changes nothing', async (command, error) => {
    await opened();
    const before = rig.security.state;
    expect(await rig.run(command)).toEqual([expect.objectContaining({ error })]);
    expect(rig.security.state).toBe(before);
  });

  it('do not delete the group of clients without a user name', async () => {
    await opened(ANON);
    const [answer] = await rig.run({ command: 'deleteGroup', groupname: 'g' });
    expect(answer).toEqual({ command: 'deleteGroup', error: 'Deleting the anonymous group is forbidden' });
  });

  it('of Mosquitto 2.1 tell how much there is, and how often it was changed', async () => {
    await opened();
    expect(await rig.run({ command: 'getDetails' })).toEqual([
      { command: 'getDetails', data: { clientCount: 3, groupCount: 2, roleCount: 3, changeIndex: 6 } },
    ]);
    await rig.run({ command: 'createRole', rolename: 'x', allowwildcardsubs: false });
    expect(await rig.run({ command: 'getRole', rolename: 'x' })).toEqual([
      { command: 'getRole', data: { role: { rolename: 'x', allowwildcardsubs: false, acls: [] } } },
    ]);
  });

  it('take the default access as mosquitto_ctrl 2.0 says it', async () => {
    await opened();
    const acls = [
      { acltype: 'subscribe', access: 'allow' },
      { acltype: 'unsubscribe', access: 'deny' },
    ];
    await rig.run({ command: 'setDefaultACLAccess', acls });
    expect(rig.security.state.defaultAccess).toMatchObject({ subscribe: true, unsubscribe: false });
  });

  it('list nothing for a count of 0', async () => {
    await opened();
    expect(await rig.run({ command: 'listRoles', count: 0 })).toEqual([
      { command: 'listRoles', data: { totalCount: 3, roles: [] } },
    ]);
  });

  it('put members into a new group, with their priority', async () => {
    await opened({
      command: 'createGroup',
      groupname: 'x',
      clients: [{ username: 'u', priority: 4 }, { username: 'v' }],
    });
    expect(rig.security.state.clients.get('u')?.groups).toEqual([{ groupname: 'x', priority: 4 }]);
  });

  it('leave a deleted role or group with nobody', async () => {
    await opened({ command: 'deleteRole', rolename: 'r' }, { command: 'deleteGroup', groupname: 'g' });
    const { clients, groups } = rig.security.state;
    expect([clients.get('u')?.roles, clients.get('v')?.groups, groups.has('g')]).toEqual([[], [], false]);
  });

  it('find and delete what an old Mosquitto let have an empty name', async () => {
    const content = { clients: [{ username: '' }], groups: [{ groupname: '' }], roles: [{ rolename: '' }] };
    rig = await SecurityRig.open({ content: JSON.stringify(content) });
    const answers = await rig.run(
      { command: 'deleteClient', username: '' },
      { command: 'deleteGroup', groupname: '' },
      { command: 'deleteRole', rolename: '' },
    );
    expect(answers.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  });

  it('bound priorities', async () => {
    await opened({ command: 'addClientRole', username: 'u', rolename: 'q', priority: 1e300 });
    expect(rig.security.state.clients.get('u')?.roles[0]).toEqual({ rolename: 'q', priority: 100_000 });
  });

  it('are in the log without passwords, on one line each, and not more than twenty of a message', async () => {
    await opened();
    rig.log.length = 0;
    await rig.run(
      { command: 'createClient', username: 'evil\nname', password: 'geheim', clientid: 'x'.repeat(1000) },
      ...Array.from({ length: 30 }, () => ({ command: 'listRoles' })),
    );
    expect(rig.log[0]).toMatch(
      /^notice dynamic-security-command dynsec: test\/admin \| createClient \| username="evil\\nname" \| clientid=x{60}…$/,
    );
    expect(rig.log).toHaveLength(21);
    expect(rig.log.at(-1)).toContain('and 11 more commands');
    expect(rig.log.join()).not.toContain('geheim');
  });
});

describe('Messages that ask too much', () => {
  it('of ten thousand commands are answered, command by command', async () => {
    await opened();
    const commands = Array.from({ length: MOST_COMMANDS }, (_, at) =>
      at % 2 === 0
        ? { command: 'createRole', rolename: `n${at}` }
        : { command: 'getRole', rolename: `n${at - 1}` },
    );
    const answers = await rig.run(...commands);
    expect(answers).toHaveLength(MOST_COMMANDS);
    expect(answers.every(({ error }) => error === undefined)).toBe(true);
    expect(rig.security.state.roles.size).toBe(3 + MOST_COMMANDS / 2);
  });

  it('of one more are refused', async () => {
    await opened();
    const [answer] = await rig.run(...Array.from({ length: MOST_COMMANDS + 1 }, () => 5));
    expect(answer).toEqual({ command: 'Unknown command', error: `More than ${MOST_COMMANDS} commands` });
  });

  it('get no answer larger than its bound, but for the command that reaches it', async () => {
    await opened();
    const text = 'x'.repeat(60_000);
    for (let at = 0; at < 30; at++)
      await rig.run({ command: 'createRole', rolename: `big${at}`, textdescription: text });
    const answers = await rig.run(
      ...Array.from({ length: 500 }, () => ({ command: 'listRoles', verbose: true })),
    );
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(refused.length).toBeGreaterThan(480);
    expect(refused[0]!.error).toBe(
      'The answer would be too large: ask in several messages, or with count and offset',
    );
    expect(JSON.stringify(answers).length).toBeLessThan(MOST_ANSWER_CHARACTERS + 3_000_000);
  });

  it.each([
    ['deep lists', `{"commands":${'['.repeat(100_000)}`, 'Payload not valid JSON'],
    [
      'deep lists that close',
      `{"commands":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      'Payload not valid JSON',
    ],
    [
      'deep objects in a command',
      `{"commands":[{"command":${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}}]}`,
      'Payload not valid JSON',
    ],
    [
      'too many bytes',
      `{"commands":["${'x'.repeat(MOST_MESSAGE_BYTES)}"]}`,
      `Payload larger than ${MOST_MESSAGE_BYTES} bytes`,
    ],
  ])('%s are refused in one line', async (_, payload, error) => {
    await opened();
    expect(JSON.parse(await rig.message(payload))).toEqual({
      responses: [{ command: 'Unknown command', error }],
    });
  });

  it('are not taken for deep by braces in a text', async () => {
    await opened();
    const textname = `${'[{"'.repeat(2000)}\\`;
    expect(await rig.run({ command: 'createRole', rolename: 'x', textname })).toEqual([
      { command: 'createRole' },
    ]);
  });

  it('of bytes that are no UTF-8 are refused', async () => {
    await opened();
    const { text } = await rig.security.handle(Uint8Array.of(0x7b, 0xff, 0x7d), 'x');
    expect(text).toContain('Payload not valid JSON');
  });

  it('by names of objects of JavaScript find nothing', async () => {
    await opened();
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(await rig.run({ command: 'getClient', username: name })).toEqual([
        { command: 'getClient', error: 'Client not found' },
      ]);
      expect(await rig.run({ command: name })).toEqual([{ command: name, error: 'Unknown command' }]);
      expect(await rig.run({ command: 'createClient', username: name })).toEqual([
        { command: 'createClient' },
      ]);
    }
    expect(await rig.message('{"__proto__":{"commands":[]}}')).toContain('Invalid/missing commands');
  });
});
