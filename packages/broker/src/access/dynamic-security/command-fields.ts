/** What commands read from their JSON, with Mosquitto's words for what is wrong with it. */
import { isUtf8Encodable, MAXIMUM_FIELD_BYTES, utf8ByteLength } from '@martlet/protocol';
import { CommandRefusal } from './command-refusal.ts';
import { JsonFields } from './json-fields.ts';
import type { RoleAcl } from './role-acl.ts';
import { aclTypeFrom, inOrderOfAsking, isValidAclTopic, priorityFrom } from './role-acl.ts';
import type { GroupUse, RoleUse, SecurityView } from './security-state.ts';
import { inOrderOfUse } from './security-state.ts';

/** Of roles and groups where a command gives none. Of ACLs it is 0. */
export const NO_PRIORITY = -1;

type NameKey = 'username' | 'groupname' | 'rolename';

/** The name of what is new. Mosquitto 2.0 lets it be empty, which nobody can have meant. */
export function newNameFrom(fields: JsonFields, key: NameKey): string {
  const name = nameFrom(fields, key);
  if (name === '') throw new CommandRefusal(`Invalid/missing ${key}`);
  return name;
}

/** The name by which something is found. */
export function nameFrom(fields: JsonFields, key: NameKey): string {
  const name = fields.string(key);
  if (name === undefined) throw new CommandRefusal(`Invalid/missing ${key}`);
  if (!isFieldText(name)) throw new CommandRefusal(`${NAMES[key]} not valid UTF-8`);
  return name;
}

const NAMES: Readonly<Record<NameKey, string>> = {
  username: 'Username',
  groupname: 'Group name',
  rolename: 'Role name',
};

/** Whether it can stand in an MQTT packet. */
function isFieldText(text: string): boolean {
  return !text.includes('\0') && isUtf8Encodable(text) && utf8ByteLength(text) <= MAXIMUM_FIELD_BYTES;
}

/** @param shown in the refusal. @default the key */
export function optionalText(fields: JsonFields, key: string, shown: string = key): string | undefined {
  if (!fields.has(key)) return undefined;
  const text = fields.string(key);
  if (text === undefined || !isFieldText(text)) throw new CommandRefusal(`Invalid/missing ${shown}`);
  return text;
}

/** An empty client identifier is none. */
export function optionalClientId(fields: JsonFields, shown: string): string | undefined {
  const clientid = optionalText(fields, 'clientid', shown);
  return clientid === '' ? undefined : clientid;
}

/** Undefined if the command has none. Each must be there. */
export function roleUsesFrom(fields: JsonFields, state: SecurityView): readonly RoleUse[] | undefined {
  return usesFrom(fields, 'roles', 'rolename', (rolename, priority): RoleUse => {
    if (!state.roles.has(rolename)) throw new CommandRefusal('Role not found');
    return { rolename, priority };
  });
}

export function groupUsesFrom(fields: JsonFields, state: SecurityView): readonly GroupUse[] | undefined {
  return usesFrom(fields, 'groups', 'groupname', (groupname, priority): GroupUse => {
    if (!state.groups.has(groupname)) throw new CommandRefusal('Group not found');
    return { groupname, priority };
  });
}

/** The members that a group is to have, by user name, with the priority that it has for each. */
export function membersFrom(
  fields: JsonFields,
  state: SecurityView,
): ReadonlyMap<string, number> | undefined {
  if (!fields.has('clients')) return undefined;
  const members = namesAndPriorities(fields, 'clients', 'username');
  for (const username of members.keys())
    if (!state.clients.has(username)) throw new CommandRefusal('Client not found');
  return members;
}

function usesFrom<Use extends RoleUse | GroupUse>(
  fields: JsonFields,
  key: string,
  nameKey: string,
  useOf: (name: string, priority: number) => Use,
): readonly Use[] | undefined {
  if (!fields.has(key)) return undefined;
  const uses = [...namesAndPriorities(fields, key, nameKey)].map(([name, priority]) => useOf(name, priority));
  return inOrderOfUse(uses);
}

/** What is listed twice counts once, with its first priority. */
function namesAndPriorities(fields: JsonFields, key: string, nameKey: string): ReadonlyMap<string, number> {
  const wrong = `'${key}' not an array or missing/invalid ${nameKey}`;
  const list = fields.list(key);
  if (list === undefined) throw new CommandRefusal(wrong);
  const found = new Map<string, number>();
  for (const entry of list) {
    const each = JsonFields.of(entry);
    const name = each?.string(nameKey);
    if (each === undefined || name === undefined) throw new CommandRefusal(wrong);
    if (!found.has(name)) found.set(name, priorityFrom(each.get('priority'), NO_PRIORITY));
  }
  return found;
}

/** The type and topic of a command about one ACL. */
export function aclKeyFrom(fields: JsonFields): Pick<RoleAcl, 'acltype' | 'topic'> {
  const typeName = fields.string('acltype');
  if (typeName === undefined) throw new CommandRefusal('Invalid/missing acltype');
  const acltype = aclTypeFrom(typeName);
  if (acltype === undefined) throw new CommandRefusal('Unknown acltype');
  const topic = fields.string('topic');
  if (topic === undefined) throw new CommandRefusal('Invalid/missing topic');
  if (!isValidAclTopic(topic)) throw new CommandRefusal('Invalid ACL topic');
  return { acltype, topic };
}

/** What does not say `"allow": true` denies. */
export function aclFrom(fields: JsonFields): RoleAcl {
  const { acltype, topic } = aclKeyFrom(fields);
  const priority = priorityFrom(fields.get('priority'), 0);
  return { acltype, topic, priority, allow: fields.boolean('allow', false) };
}

export function aclsFrom(fields: JsonFields): readonly RoleAcl[] | undefined {
  if (!fields.has('acls')) return undefined;
  const list = fields.list('acls');
  if (list === undefined) throw new CommandRefusal('Missing/invalid acls array');
  const seen = new Set<string>();
  const acls = list.map((entry) => {
    const each = JsonFields.of(entry);
    if (each === undefined) throw new CommandRefusal('Missing/invalid acls array');
    const acl = aclFrom(each);
    const key = `${acl.acltype} ${acl.topic}`;
    if (seen.has(key)) throw new CommandRefusal('ACL with this topic already exists');
    seen.add(key);
    return acl;
  });
  return inOrderOfAsking(acls);
}
