import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DynamicSecurity } from '../../../src/access/dynamic-security/dynamic-security.ts';
import { ConfigurationError, problemText } from '../../../src/config/configuration-error.ts';
import { SecurityRig } from './security-rig.ts';

const FIRST = readFileSync(new URL('mosquitto-first.json', import.meta.url), 'utf8');

let rig: SecurityRig;
afterEach(() => rig.close());

async function problemsOf(content: string): Promise<readonly string[]> {
  rig = SecurityRig.unopened({ content });
  try {
    await rig.reopen();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map((problem) => problemText({ ...problem, file: 'F' }));
  }
}

describe('The file of dynamic security', () => {
  it('has every change in it when the answer comes, and is read again as it was', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run(
      {
        command: 'createRole',
        rolename: 'r',
        allowwildcardsubs: false,
        acls: [{ acltype: 'subscribePattern', topic: 'a', allow: true }],
      },
      { command: 'createGroup', groupname: 'g', textname: 'G', roles: [{ rolename: 'r', priority: 3 }] },
      {
        command: 'createClient',
        username: 'ann',
        password: 'secret',
        clientid: 'c',
        groups: [{ groupname: 'g', priority: 7 }],
      },
      { command: 'setAnonymousGroup', groupname: 'g' },
      { command: 'disableClient', username: 'ann' },
    );
    const before = rig.security.state;
    expect(before.changeIndex).toBe(5);
    await rig.reopen();
    expect(rig.security.state).toEqual(before);
    expect(readFileSync(rig.file, 'utf8')).not.toContain('secret');
    expect(statSync(rig.file).mode & 0o777).toBe(0o644); // as it was
    expect(readdirSync(rig.directory)).toEqual(['security.json']);
  });

  it('keeps what Mosquitto 2.0 wrote readable for it, until a password is changed', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run({ command: 'createRole', rolename: 'r' });
    const { clients } = JSON.parse(readFileSync(rig.file, 'utf8'));
    const [was] = JSON.parse(FIRST).clients;
    expect(clients[0]).toMatchObject({
      password: was.password,
      salt: was.salt,
      iterations: 101,
      textname: was.textName,
    });
    await rig.run({ command: 'setClientPassword', username: 'admin', password: 'another' });
    const [admin] = JSON.parse(readFileSync(rig.file, 'utf8')).clients;
    expect(admin.password).toBeUndefined();
    expect(admin.encoded_password).toMatch(/^\$7\$1000\$/);
  });

  it('is the same after it is read and written twice', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    const touch = { command: 'setDefaultACLAccess', acls: [] };
    await rig.run(touch);
    const once = readFileSync(rig.file, 'utf8');
    await rig.reopen();
    await rig.run(touch);
    await rig.reopen();
    await rig.run(touch);
    const normal = (text: string) => text.replace(/"changeIndex":\t?\s?\d+/, '');
    expect(normal(readFileSync(rig.file, 'utf8'))).toBe(normal(once));
  });

  it('takes what is listed twice once, with what it says first, and tells it', async () => {
    const file = JSON.parse(FIRST);
    file.clients.push({ ...file.clients[0], disabled: true });
    file.roles.push(file.roles[0]);
    file.clients[0].roles.push({ rolename: 'admin', priority: 9 });
    rig = await SecurityRig.open({ content: JSON.stringify(file) });
    expect(rig.security.state.clients.get('admin')).toMatchObject({
      disabled: false,
      roles: [{ rolename: 'admin', priority: -1 }],
    });
    expect(rig.security.notices.map(({ code }) => code)).toContain('listed-twice');
    await rig.run({ command: 'setDefaultACLAccess', acls: [] });
    const written = JSON.parse(readFileSync(rig.file, 'utf8'));
    expect([written.clients.length, written.roles.length, written.clients[0].roles.length]).toEqual([
      1, 1, 1,
    ]);
  });

  it('stays a link if it is one, and keeps its mode', async () => {
    rig = SecurityRig.unopened({ content: FIRST });
    const target = join(rig.directory, 'target.json');
    renameSync(rig.file, target);
    chmodSync(target, 0o640);
    symlinkSync(target, rig.file);
    await rig.reopen();
    await rig.run({ command: 'createRole', rolename: 'r' });
    expect(lstatSync(rig.file).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toContain('"r"');
    expect(statSync(target).mode & 0o777).toBe(0o640);
  });

  const BROKEN: readonly (readonly [content: string, ...expected: string[]])[] = [
    ['', 'F:1: expected JSON: what stands here cannot stand here'],
    [
      '{\n"clients": [\n{"username": "a" "password": "hash"}]}',
      'F:3: expected JSON: what stands here cannot stand here',
    ],
    ['{"clients":[]', 'F:1: expected JSON: what stands here cannot stand here'],
    ['[]', 'F: expected an object with "clients", "groups" and "roles"'],
    ['{"clients":5}', 'F: clients: expected a list, got 5'],
    ['{"clients":[5]}', 'F: clients[0]: expected an object, got 5'],
    ['{"clients":[{}]}', 'F: clients[0].username: expected a name, got none'],
    [
      '{"clients":[{"username":"a","encoded_password":"plain"}]}',
      'F: clients[0].encoded_password: expected a hash such as $7$1000$…, got something else',
    ],
    [
      '{"clients":[{"username":"a","password":"plain"}]}',
      'F: clients[0].password: expected "password", "salt" (in base64) and "iterations" of a hash',
    ],
    [
      '{"clients":[{"username":"a","encoded_password":"$7$999999999$AAAAAAAAAAAAAAAA$AAAA"}]}',
      'F: clients[0].encoded_password: expected a hash such as $7$1000$…, got something else',
    ],
    [
      '{"roles":[{"rolename":"r","acls":[{"acltype":"x","topic":"a"},{"acltype":"subscribeLiteral","topic":"a/#/b"}]}]}',
      'F: roles[0].acls[0].acltype: expected a type of ACL, got "x"',
      'F: roles[0].acls[1].topic: expected a topic filter, got "a/#/b"',
    ],
    ['{"anonymousGroup":"g"}', 'F: anonymousGroup: expected the name of a group, got "g", which is none'],
    [
      '{"defaultACLAccess":{"subscribe":"yes"}}',
      'F: defaultACLAccess.subscribe: expected true or false, got "yes"',
    ],
    [
      '{"groups":[{"groupname":"g","textname":{}}]}',
      'F: groups[0].textname: expected text, got a list or an object',
    ],
  ];

  it.each(BROKEN)(
    'with %j is refused, with every fault and without a secret',
    async (content, ...expected) => {
      expect(await problemsOf(content)).toEqual(expected);
    },
  );

  it('with names that are not known gives nobody a right, and tells them', async () => {
    rig = await SecurityRig.open({
      content:
        '{"clients":[{"username":"a","roles":[{"rolename":"none"}],"x":1}],"groups":[{"groupname":"g","clients":[{"username":"none"}]}]}',
    });
    expect(rig.security.state.clients.get('a')?.roles).toEqual([]);
    expect(rig.security.notices.map(({ key, code }) => `${key} ${code}`)).toEqual([
      'dynamicSecurity.file file-open-to-all',
      'clients[0].roles[0].rolename unknown-name',
      'clients[0].x unknown-key',
      'groups[0].clients[0].username unknown-name',
    ]);
  });

  it('is refused at the start if nothing can be written beside it', async () => {
    rig = SecurityRig.unopened({ content: FIRST });
    mkdirSync(`${rig.file}.new`);
    await expect(rig.reopen()).rejects.toThrow(/security.json\.new first, got EISDIR/);
    expect(readFileSync(rig.file, 'utf8')).toBe(FIRST);
  });

  it('answers with an error when it cannot be written, and changes nothing', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    const before = rig.security.state;
    mkdirSync(`${rig.file}.new`);
    const answers = await rig.run(
      { command: 'getDefaultACLAccess' },
      { command: 'createRole', rolename: 'r', correlationData: '1' },
      { command: 'getRole', rolename: 'r' },
      { command: 'nope' },
    );
    const error = 'The change cannot be kept (EISDIR): nothing was changed';
    expect(answers).toEqual([
      expect.objectContaining({ data: expect.anything() }),
      { command: 'createRole', error, correlationData: '1' },
      { command: 'getRole', error },
      { command: 'nope', error: 'Unknown command' },
    ]);
    expect(rig.security.state).toBe(before);
    expect(rig.log.filter((line) => line.startsWith('error dynamic-security-not-kept'))).toHaveLength(1);
    rmdirSync(`${rig.file}.new`);
    expect(await rig.run({ command: 'createRole', rolename: 'r' })).toEqual([{ command: 'createRole' }]);
  });

  it('is read again when somebody else has changed it', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    expect(await rig.security.reload()).toBe(false);
    const file = JSON.parse(FIRST);
    file.roles.push({ rolename: 'outside' });
    writeFileSync(rig.file, JSON.stringify(file));
    expect(await rig.security.reload()).toBe(true);
    expect(rig.security.state.roles.has('outside')).toBe(true);
    expect(await rig.security.reload()).toBe(false);
    // Its own writing is no such change.
    await rig.run({ command: 'createRole', rolename: 'inside' });
    expect(await rig.security.reload()).toBe(false);
  });

  it('is not written over when somebody else has changed it: the change is taken first', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    const file = JSON.parse(FIRST);
    file.roles.push({ rolename: 'outside' });
    writeFileSync(rig.file, JSON.stringify(file));
    await rig.run({ command: 'createRole', rolename: 'inside' });
    expect([...rig.security.state.roles.keys()].sort()).toEqual(['admin', 'inside', 'outside']);
    writeFileSync(rig.file, '{ broken');
    expect(await rig.run({ command: 'createRole', rolename: 'more' })).toEqual([
      {
        command: 'Unknown command',
        error: expect.stringContaining('The file was changed and cannot be read'),
      },
    ]);
    await expect(rig.security.reload()).rejects.toThrow(ConfigurationError);
    expect(rig.security.state.roles.has('inside')).toBe(true);
    expect(readFileSync(rig.file, 'utf8')).toBe('{ broken');
  });

  it('that is only touched changes nothing', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    utimesSync(rig.file, 1, 1);
    const { kicked } = await rig.security.handle(new TextEncoder().encode('{"commands":[]}'), 'x');
    expect([...kicked]).toEqual([]);
  });
});

describe('Dynamic security without a file', () => {
  it('begins with the password of a file, and the roles of Mosquitto 2.1', async () => {
    rig = await SecurityRig.open({ initialPassword: 'from a file' });
    const { clients, roles, groups, anonymousGroup } = rig.security.state;
    expect([...clients.keys()]).toEqual(['admin']);
    expect([...roles.keys()].sort()).toEqual([
      ...[
        'broker-admin',
        'client',
        'dynsec-admin',
        'super-admin',
        'sys-notify',
        'sys-observe',
        'topic-observe',
      ],
    ]);
    expect(clients.get('admin')?.roles.map(({ rolename }) => rolename)).toEqual([
      'super-admin',
      'sys-observe',
      'topic-observe',
    ]);
    expect([...groups.keys()]).toEqual([anonymousGroup]);
    expect(statSync(rig.file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${rig.file}.pw`)).toBe(false);
    expect(rig.log.join()).not.toContain('from a file');
    expect(rig.log).toEqual([expect.stringContaining('notice dynamic-security-made')]);
  });

  it('begins with the password of the environment, if that is long enough', async () => {
    rig = await SecurityRig.open({ environment: { MOSQUITTO_DYNSEC_PASSWORD: 'twelve chars' } });
    expect([...rig.security.state.clients.keys()]).toEqual(['admin']);
    rig.close();
    rig = SecurityRig.unopened();
    await expect(rig.reopen({ environment: { MOSQUITTO_DYNSEC_PASSWORD: 'eleven char' } })).rejects.toThrow(
      'environment: MOSQUITTO_DYNSEC_PASSWORD: expected at least 12 characters, got fewer',
    );
    expect(readdirSync(rig.directory)).toEqual([]);
  });

  it('makes passwords up, into a file that only its user reads, and nowhere else', async () => {
    rig = await SecurityRig.open();
    const lines = readFileSync(`${rig.file}.pw`, 'utf8').trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^admin \w{20}$/),
      expect.stringMatching(/^democlient \w{20}$/),
    ]);
    expect(statSync(`${rig.file}.pw`).mode & 0o777).toBe(0o600);
    for (const line of lines)
      expect(`${rig.log.join()}${readFileSync(rig.file, 'utf8')}`).not.toContain(line.split(' ')[1]);
    expect(rig.security.state.clients.get('democlient')?.roles.map(({ rolename }) => rolename)).toEqual([
      'client',
    ]);
  });

  it('with an empty first line in the file of the password does not begin', async () => {
    rig = SecurityRig.unopened({ initialPassword: '' });
    await expect(rig.reopen({ initialPassword: '' })).rejects.toThrow(
      'expected a password in the first line',
    );
  });

  it('is checked without anything being made', async () => {
    rig = SecurityRig.unopened();
    const notices = await DynamicSecurity.check({ file: rig.file });
    expect(notices.map(({ code }) => code)).toEqual(['file-will-be-made']);
    expect(readdirSync(rig.directory)).toEqual([]);
  });
});
