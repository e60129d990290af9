/** Clients, groups and roles as answers show them. Passwords are in none. */

import { NO_PRIORITY } from './command-fields.ts';
import type {
  GroupUse,
  RoleUse,
  SecurityClient,
  SecurityGroup,
  SecurityRole,
  SecurityView,
} from './security-state.ts';
import { membersOf } from './security-state.ts';
import { compareTexts } from './text-order.ts';

export function describedClient(client: SecurityClient): object {
  const { username, clientid, disabled, roles, groups } = client;
  return {
    username,
    ...(clientid === undefined ? undefined : { clientid }),
    ...describedTexts(client),
    ...(disabled ? { disabled } : undefined),
    roles: roles.map(describedUse),
    groups: groups.map(describedUse),
  };
}

export function describedGroup(state: SecurityView, group: SecurityGroup): object {
  const clients = membersOf(state, group.groupname).map(({ username }) => username);
  return {
    groupname: group.groupname,
    ...describedTexts(group),
    clients: clients.sort(compareTexts).map((username) => ({ username })),
    roles: group.roles.map(describedUse),
  };
}

export function describedRole(role: SecurityRole): object {
  const { rolename, allowWildcardSubs, acls } = role;
  return {
    rolename,
    ...describedTexts(role),
    ...describedWildcards(allowWildcardSubs),
    acls: acls.map(({ acltype, topic, priority, allow }) => ({ acltype, topic, priority, allow })),
  };
}

/** Mosquitto 2.0 does not know this key; it is there only when it says something. */
export function describedWildcards(allowWildcardSubs: boolean): object | undefined {
  return allowWildcardSubs ? undefined : { allowwildcardsubs: false };
}

export function describedTexts({
  textname,
  textdescription,
}: {
  readonly textname: string | undefined;
  readonly textdescription: string | undefined;
}): object {
  return {
    ...(textname === undefined ? undefined : { textname }),
    ...(textdescription === undefined ? undefined : { textdescription }),
  };
}

/** A priority that nobody gave is not shown. */
export function describedUse<Use extends RoleUse | GroupUse>(use: Use): Partial<Use> {
  const { priority, ...name } = use;
  return priority === NO_PRIORITY ? (name as Partial<Use>) : use;
}
