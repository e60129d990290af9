/**
 * Files, and what Mosquitto's clients were able to do with them. `acl-file-method.test.ts` asks our method;
 * `test/e2e/acl-file.test.ts` asks Debian's Mosquitto and a broker of ours over the network.
 */

export interface AclClient {
  readonly clientId: string;
  readonly username?: string;
}

export interface AclCase {
  readonly title: string;
  readonly acl: string;
  readonly client: AclClient;
  /** Topic names to which a message comes through, published by this client. */
  readonly writes: readonly string[];
  readonly doesNotWrite: readonly string[];
  /** Topic names whose messages this client gets, subscribed to each of them. */
  readonly reads: readonly string[];
  readonly doesNotRead: readonly string[];
}

const ANN: AclClient = { clientId: 'c1', username: 'ann' };
const NOBODY: AclClient = { clientId: 'c1' };

export const ACL_CASES: readonly AclCase[] = [
  {
    title: 'a file without an entry denies everything',
    acl: '# nothing\n',
    client: ANN,
    ...{ writes: [], doesNotWrite: ['a'], reads: [], doesNotRead: ['a'] },
  },
  {
    title: 'topics before any user are for anonymous clients',
    acl: 'topic read r\ntopic write w\ntopic b\n',
    client: NOBODY,
    ...{ writes: ['w', 'b'], doesNotWrite: ['r', 'x'], reads: ['r', 'b'], doesNotRead: ['w', 'x'] },
  },
  {
    title: 'topics before any user are not for those with a user name',
    acl: 'topic readwrite a\nuser ann\ntopic b\n',
    client: ANN,
    ...{ writes: ['b'], doesNotWrite: ['a'], reads: ['b'], doesNotRead: ['a'] },
  },
  {
    title: 'a user who is not in the file may do nothing',
    acl: 'user bob\ntopic #\n',
    client: ANN,
    ...{ writes: [], doesNotWrite: ['a'], reads: [], doesNotRead: ['a'] },
  },
  {
    title: 'a user may stand in the file several times',
    acl: 'user ann\ntopic a\nuser bob\ntopic b\nuser ann\ntopic c\n',
    client: ANN,
    ...{ writes: ['a', 'c'], doesNotWrite: ['b'], reads: ['a', 'c'], doesNotRead: ['b'] },
  },
  {
    title: 'what denies comes first, wherever it stands',
    acl: 'user ann\ntopic readwrite a/#\ntopic deny a/secret/#\n',
    client: ANN,
    ...{
      writes: ['a', 'a/b'],
      doesNotWrite: ['a/secret', 'a/secret/x'],
      reads: ['a/b'],
      doesNotRead: ['a/secret/x'],
    },
  },
  {
    title: 'an entry without the access that is asked for decides nothing',
    acl: 'user ann\ntopic read a\ntopic write a\n',
    client: ANN,
    ...{ writes: ['a'], doesNotWrite: [], reads: ['a'], doesNotRead: [] },
  },
  {
    title: 'wildcards stand for no topic that begins with $',
    acl: 'user ann\ntopic readwrite #\ntopic readwrite +/x\n',
    client: ANN,
    ...{ writes: ['a'], doesNotWrite: ['$a/x'], reads: ['a', 'b/x'], doesNotRead: ['$SYS/broker/version'] },
  },
  {
    title: 'an entry that begins with $ matches such topics',
    acl: 'user ann\ntopic readwrite $SYS/#\ntopic $a/+\n',
    client: ANN,
    ...{
      writes: ['$a/x'],
      doesNotWrite: ['a', '$SYS/x'],
      reads: ['$SYS/broker/version'],
      doesNotRead: ['a'],
    },
  },
  {
    title: 'nobody writes to $SYS, but the state of a bridge',
    acl: 'user ann\ntopic readwrite $SYS/#\n',
    client: ANN,
    writes: ['$SYS/broker/connection/c1/state'],
    doesNotWrite: ['$SYS/broker/connection/c1', '$SYS/broker/connection/c1/state/x', '$SYS/broker/uptime'],
    ...{ reads: [], doesNotRead: [] },
  },
  {
    title: 'patterns are for every client, whatever user they stand under',
    acl: 'user bob\npattern readwrite x/%u/%c\n',
    client: ANN,
    ...{
      writes: ['x/ann/c1'],
      doesNotWrite: ['x/bob/c1', 'x/ann/c2'],
      reads: ['x/ann/c1'],
      doesNotRead: ['x/%u/%c'],
    },
  },
  {
    title: 'patterns with a user name are not for anonymous clients',
    acl: 'pattern readwrite x/%u\npattern readwrite y/%c\n',
    client: NOBODY,
    ...{ writes: ['y/c1'], doesNotWrite: ['x/', 'x/%u'], reads: ['y/c1'], doesNotRead: ['x/'] },
  },
  {
    title: 'in a topic, %c and %u are themselves',
    acl: 'user ann\ntopic readwrite x/%u\n',
    client: ANN,
    ...{ writes: ['x/%u'], doesNotWrite: ['x/ann'], reads: ['x/%u'], doesNotRead: ['x/ann'] },
  },
  {
    title: "the user's own entries decide before the patterns",
    acl: 'user ann\ntopic deny x/ann/own\npattern readwrite x/%u/#\n',
    client: ANN,
    ...{ writes: ['x/ann/a'], doesNotWrite: ['x/ann/own'], reads: ['x/ann/a'], doesNotRead: ['x/ann/own'] },
  },
  {
    title: 'a user is allowed by own entries what a pattern denies',
    acl: 'user ann\ntopic x/ann/own\npattern deny x/%u/#\npattern readwrite x/#\n',
    client: ANN,
    ...{
      writes: ['x/ann/own', 'x/b'],
      doesNotWrite: ['x/ann/a'],
      reads: ['x/ann/own'],
      doesNotRead: ['x/ann/a'],
    },
  },
  {
    title: 'a client with + in its identifier gets nothing by patterns',
    acl: 'user ann\ntopic own\npattern readwrite y/%u\n',
    client: { clientId: 'c+1', username: 'ann' },
    ...{ writes: ['own'], doesNotWrite: ['y/ann'], reads: ['own'], doesNotRead: ['y/ann'] },
  },
  {
    title: 'without patterns, a client with # in its identifier is as any other',
    acl: 'user ann\ntopic own\n',
    client: { clientId: 'c#', username: 'ann' },
    ...{ writes: ['own'], doesNotWrite: ['x'], reads: ['own'], doesNotRead: ['x'] },
  },
];
