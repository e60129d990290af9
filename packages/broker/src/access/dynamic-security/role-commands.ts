/**
 * The commands about roles. What a role says counts from then on for clients that are connected; only when the role itself
 * goes, its users are disconnected, as in Mosquitto.
 */
import type { Command } from './command.ts';
import { found, listed, refuseIf } from './command.ts';
import { aclFrom, aclKeyFrom, aclsFrom, nameFrom, newNameFrom, optionalText } from './command-fields.ts';
import { describedRole } from './described.ts';
import type { Draft } from './draft.ts';
import type { JsonFields } from './json-fields.ts';
import { inOrderOfAsking } from './role-acl.ts';
import type { RoleUse, SecurityRole } from './security-state.ts';

const NOT_FOUND = 'Role not found';

export const ROLE_COMMANDS: readonly Command[] = [
  {
    name: 'createRole',
    changes: true,
    run(fields, draft) {
      const rolename = newNameFrom(fields, 'rolename');
      const textname = optionalText(fields, 'textname');
      const textdescription = optionalText(fields, 'textdescription');
      refuseIf(draft.state.roles.has(rolename), 'Role already exists');
      draft.putRole({
        rolename,
        textname,
        textdescription,
        allowWildcardSubs: fields.boolean('allowwildcardsubs', true),
        acls: aclsFrom(fields) ?? [],
      });
      return null;
    },
  },
  {
    name: 'deleteRole',
    changes: true,
    run(fields, draft) {
      const { rolename } = roleFrom(fields, draft);
      draft.kickRole(rolename);
      takeFromAll(draft, rolename);
      draft.state.roles.delete(rolename);
      draft.changed();
      return null;
    },
  },
  {
    name: 'getRole',
    changes: false,
    run: (fields, draft) => ({ role: describedRole(roleFrom(fields, draft)) }),
  },
  {
    name: 'listRoles',
    changes: false,
    run: (fields, { state }) => listed(fields, 'roles', state.roles, describedRole),
  },
  {
    name: 'modifyRole',
    changes: true,
    run(fields, draft) {
      const role = roleFrom(fields, draft, 'Role does not exist');
      draft.putRole({
        ...role,
        textname: optionalText(fields, 'textname') ?? role.textname,
        textdescription: optionalText(fields, 'textdescription') ?? role.textdescription,
        allowWildcardSubs: fields.boolean('allowwildcardsubs', role.allowWildcardSubs),
        acls: aclsFrom(fields) ?? role.acls,
      });
      return null;
    },
  },
  {
    name: 'addRoleACL',
    changes: true,
    run(fields, draft) {
      const role = roleFrom(fields, draft);
      const acl = aclFrom(fields);
      refuseIf(indexOf(role, acl) >= 0, 'ACL with this topic already exists');
      draft.putRole({ ...role, acls: inOrderOfAsking([...role.acls, acl]) });
      return null;
    },
  },
  {
    name: 'removeRoleACL',
    changes: true,
    run(fields, draft) {
      const role = roleFrom(fields, draft);
      const key = aclKeyFrom(fields);
      const index = indexOf(role, key);
      refuseIf(index < 0, 'ACL not found');
      draft.putRole({ ...role, acls: role.acls.toSpliced(index, 1) });
      return null;
    },
  },
];

function roleFrom(fields: JsonFields, { state }: Draft, refusal: string = NOT_FOUND): SecurityRole {
  return found(state.roles.get(nameFrom(fields, 'rolename')), refusal);
}

/** Of a type, a topic has one ACL. */
function indexOf(role: SecurityRole, key: { readonly acltype: string; readonly topic: string }): number {
  return role.acls.findIndex(({ acltype, topic }) => acltype === key.acltype && topic === key.topic);
}

function takeFromAll(draft: Draft, rolename: string): void {
  const isOther = (use: RoleUse): boolean => use.rolename !== rolename;
  for (const group of draft.state.groups.values())
    if (!group.roles.every(isOther)) draft.putGroup({ ...group, roles: group.roles.filter(isOther) });
  for (const client of draft.state.clients.values())
    if (!client.roles.every(isOther)) draft.putClient({ ...client, roles: client.roles.filter(isOther) });
}
