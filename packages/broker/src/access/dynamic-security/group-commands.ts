/** The commands about groups, and about the group that stands for clients without a user name. */
import type { Command } from './command.ts';
import { found, listed, refuseIf } from './command.ts';
import {
  membersFrom,
  NO_PRIORITY,
  nameFrom,
  newNameFrom,
  optionalText,
  roleUsesFrom,
} from './command-fields.ts';
import { describedGroup } from './described.ts';
import type { Draft } from './draft.ts';
import type { JsonFields } from './json-fields.ts';
import { priorityFrom } from './role-acl.ts';
import type { SecurityClient, SecurityGroup } from './security-state.ts';
import { inOrderOfUse, membersOf } from './security-state.ts';

const NOT_FOUND = 'Group not found';

export const GROUP_COMMANDS: readonly Command[] = [
  { name: 'createGroup', changes: true, run: createGroup },
  {
    name: 'deleteGroup',
    changes: true,
    run(fields, draft) {
      const { groupname } = groupFrom(fields, draft);
      refuseIf(draft.state.anonymousGroup === groupname, 'Deleting the anonymous group is forbidden');
      draft.kickGroup(groupname);
      for (const member of membersOf(draft.state, groupname)) draft.putClient(without(member, groupname));
      draft.state.groups.delete(groupname);
      draft.changed();
      return null;
    },
  },
  {
    name: 'getGroup',
    changes: false,
    run: (fields, draft) => ({ group: describedGroup(draft.state, groupFrom(fields, draft)) }),
  },
  {
    name: 'listGroups',
    changes: false,
    run: (fields, { state }) =>
      listed(fields, 'groups', state.groups, (group) => describedGroup(state, group)),
  },
  { name: 'modifyGroup', changes: true, run: modifyGroup },
  { name: 'addGroupClient', changes: true, run: addGroupClient },
  {
    name: 'removeGroupClient',
    changes: true,
    run(fields, draft) {
      const { group, client } = groupAndClient(fields, draft);
      draft.putClient(without(client, group.groupname));
      draft.kicked.add(client.username);
      return null;
    },
  },
  { name: 'addGroupRole', changes: true, run: addGroupRole },
  {
    name: 'removeGroupRole',
    changes: true,
    run(fields, draft) {
      const { group, rolename } = groupAndRole(fields, draft);
      return change(draft, { ...group, roles: group.roles.filter((use) => use.rolename !== rolename) });
    },
  },
  {
    name: 'setAnonymousGroup',
    changes: true,
    run(fields, draft) {
      draft.state.anonymousGroup = groupFrom(fields, draft).groupname;
      draft.changed();
      draft.kicked.add(undefined);
      return null;
    },
  },
  {
    name: 'getAnonymousGroup',
    changes: false,
    run: (_, { state }) => ({ group: { groupname: state.anonymousGroup ?? '' } }),
  },
];

function createGroup(fields: JsonFields, draft: Draft): null {
  const groupname = newNameFrom(fields, 'groupname');
  refuseIf(draft.state.groups.has(groupname), 'Group already exists');
  const textname = optionalText(fields, 'textname');
  const textdescription = optionalText(fields, 'textdescription');
  const roles = roleUsesFrom(fields, draft.state) ?? [];
  const members = membersFrom(fields, draft.state);
  draft.putGroup({ groupname, textname, textdescription, roles });
  if (members !== undefined) setMembers(draft, groupname, members);
  return null;
}

function modifyGroup(fields: JsonFields, draft: Draft): null {
  const group = groupFrom(fields, draft);
  const textname = optionalText(fields, 'textname') ?? group.textname;
  const textdescription = optionalText(fields, 'textdescription') ?? group.textdescription;
  const roles = roleUsesFrom(fields, draft.state) ?? group.roles;
  const members = membersFrom(fields, draft.state);
  change(draft, { ...group, textname, textdescription, roles });
  if (members !== undefined) setMembers(draft, group.groupname, members);
  return null;
}

/** These and no others; whoever comes or goes is disconnected. */
function setMembers(draft: Draft, groupname: string, members: ReadonlyMap<string, number>): void {
  draft.kickGroup(groupname);
  for (const member of membersOf(draft.state, groupname)) draft.putClient(without(member, groupname));
  for (const [username, priority] of members) {
    const client = draft.state.clients.get(username)!;
    draft.putClient({ ...client, groups: inOrderOfUse([...client.groups, { groupname, priority }]) });
    draft.kicked.add(username);
  }
}

function addGroupClient(fields: JsonFields, draft: Draft): null {
  const { group, client } = groupAndClient(fields, draft);
  const { groupname } = group;
  refuseIf(
    client.groups.some((use) => use.groupname === groupname),
    'Client is already in this group',
  );
  const priority = priorityFrom(fields.get('priority'), NO_PRIORITY);
  draft.putClient({ ...client, groups: inOrderOfUse([...client.groups, { groupname, priority }]) });
  draft.kicked.add(client.username);
  return null;
}

function addGroupRole(fields: JsonFields, draft: Draft): null {
  const { group, rolename } = groupAndRole(fields, draft);
  refuseIf(
    group.roles.some((use) => use.rolename === rolename),
    'Group is already in this role',
  );
  const priority = priorityFrom(fields.get('priority'), NO_PRIORITY);
  return change(draft, { ...group, roles: inOrderOfUse([...group.roles, { rolename, priority }]) });
}

function groupFrom(fields: JsonFields, { state }: Draft): SecurityGroup {
  return found(state.groups.get(nameFrom(fields, 'groupname')), NOT_FOUND);
}

function groupAndClient(
  fields: JsonFields,
  draft: Draft,
): { readonly group: SecurityGroup; readonly client: SecurityClient } {
  const username = nameFrom(fields, 'username');
  const groupname = nameFrom(fields, 'groupname');
  const client = found(draft.state.clients.get(username), 'Client not found');
  return { group: found(draft.state.groups.get(groupname), NOT_FOUND), client };
}

function groupAndRole(
  fields: JsonFields,
  draft: Draft,
): { readonly group: SecurityGroup; readonly rolename: string } {
  nameFrom(fields, 'groupname');
  const rolename = nameFrom(fields, 'rolename');
  const group = groupFrom(fields, draft);
  refuseIf(!draft.state.roles.has(rolename), 'Role not found');
  return { group, rolename };
}

function without(client: SecurityClient, groupname: string): SecurityClient {
  return { ...client, groups: client.groups.filter((use) => use.groupname !== groupname) };
}

function change(draft: Draft, group: SecurityGroup): null {
  draft.putGroup(group);
  draft.kickGroup(group.groupname);
  return null;
}
