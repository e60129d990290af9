/** The state as the JSON file has it, written as Mosquitto's plugin writes it: any of both can take over from the other. */
import type { PasswordHash } from '../password-hash.ts';
import { passwordHashText } from '../password-hash.ts';
import { NO_PRIORITY } from './command-fields.ts';
import { describedTexts, describedUse, describedWildcards } from './described.ts';
import type { SecurityClient, SecurityGroup, SecurityView, StoredPassword } from './security-state.ts';
import { compareTexts } from './text-order.ts';

export function stateText(state: SecurityView): string {
  const { defaultAccess, anonymousGroup, changeIndex } = state;
  const members = membersByGroup(state);
  const file = {
    defaultACLAccess: defaultAccess,
    clients: byName(state.clients).map(clientForFile),
    groups: byName(state.groups).map((group) => groupForFile(group, members.get(group.groupname) ?? [])),
    ...(anonymousGroup === undefined ? undefined : { anonymousGroup }),
    roles: byName(state.roles).map(({ rolename, textname, textdescription, allowWildcardSubs, acls }) => ({
      rolename,
      ...describedTexts({ textname, textdescription }),
      ...describedWildcards(allowWildcardSubs),
      acls: acls.map(({ acltype, topic, priority, allow }) => ({ acltype, topic, priority, allow })),
    })),
    changeIndex,
  };
  return `${JSON.stringify(file, null, '\t')}\n`;
}

function byName<Thing>(things: ReadonlyMap<string, Thing>): readonly Thing[] {
  return [...things.entries()].sort(([a], [b]) => compareTexts(a, b)).map(([, thing]) => thing);
}

function clientForFile(client: SecurityClient): object {
  const { username, clientid, disabled, roles, password } = client;
  return {
    username,
    ...(clientid === undefined ? undefined : { clientid }),
    ...describedTexts(client),
    ...(disabled ? { disabled } : undefined),
    roles: roles.map(describedUse),
    ...passwordForFile(password),
  };
}

/** What Mosquitto 2.0 wrote stays as it can read it, until the password is changed. */
function passwordForFile(password: StoredPassword | undefined): object | undefined {
  if (password === undefined) return undefined;
  const { hash, isLegacy } = password;
  if (!isLegacy || hash.kind !== 'sha512-pbkdf2') return { encoded_password: passwordHashText(hash) };
  return { password: base64(hash.hash), salt: base64(hash.salt), iterations: hash.iterations };
}

function base64(bytes: PasswordHash['salt']): string {
  return Buffer.from(bytes).toString('base64');
}

interface Member {
  readonly username: string;
  readonly priority: number;
}

function membersByGroup({ clients }: SecurityView): ReadonlyMap<string, readonly Member[]> {
  const members = new Map<string, Member[]>();
  for (const { username, groups } of byName(clients)) {
    for (const { groupname, priority } of groups) {
      const list = members.get(groupname);
      if (list === undefined) members.set(groupname, [{ username, priority }]);
      else list.push({ username, priority });
    }
  }
  return members;
}

function groupForFile(group: SecurityGroup, members: readonly Member[]): object {
  return {
    groupname: group.groupname,
    ...describedTexts(group),
    roles: group.roles.map(describedUse),
    clients: members.map(({ username, priority }) =>
      priority === NO_PRIORITY ? { username } : { username, priority },
    ),
  };
}
