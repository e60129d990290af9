/** The commands about clients. What changes a client ends its connections, so that it connects again with what holds now. */
import type { Command, HashPassword } from './command.ts';
import { found, listed, refuseIf } from './command.ts';
import {
  groupUsesFrom,
  NO_PRIORITY,
  nameFrom,
  newNameFrom,
  optionalClientId,
  optionalText,
  roleUsesFrom,
} from './command-fields.ts';
import { describedClient } from './described.ts';
import type { Draft } from './draft.ts';
import type { JsonFields } from './json-fields.ts';
import { priorityFrom } from './role-acl.ts';
import type { SecurityClient, StoredPassword } from './security-state.ts';
import { inOrderOfUse } from './security-state.ts';

const NOT_FOUND = 'Client not found';

export const CLIENT_COMMANDS: readonly Command[] = [
  { name: 'createClient', changes: true, run: createClient },
  {
    name: 'deleteClient',
    changes: true,
    run(fields, draft) {
      const { username } = clientFrom(fields, draft);
      draft.state.clients.delete(username);
      draft.changed();
      draft.kicked.add(username);
      return null;
    },
  },
  {
    name: 'getClient',
    changes: false,
    run: (fields, draft) => ({ client: describedClient(clientFrom(fields, draft)) }),
  },
  {
    name: 'listClients',
    changes: false,
    run: (fields, { state }) => listed(fields, 'clients', state.clients, describedClient),
  },
  { name: 'modifyClient', changes: true, run: modifyClient },
  {
    name: 'setClientPassword',
    changes: true,
    async run(fields, draft, hash) {
      nameFrom(fields, 'username');
      const password = found(optionalText(fields, 'password'), 'Invalid/missing password');
      refuseIf(password === '', 'Empty password is not allowed');
      const client = clientFrom(fields, draft);
      return change(draft, { ...client, password: await stored(password, hash) });
    },
  },
  {
    name: 'setClientId',
    changes: true,
    run(fields, draft) {
      nameFrom(fields, 'username');
      const clientid = optionalClientId(fields, 'client ID');
      return change(draft, { ...clientFrom(fields, draft), clientid });
    },
  },
  { name: 'addClientRole', changes: true, run: addClientRole },
  {
    name: 'removeClientRole',
    changes: true,
    run(fields, draft) {
      const { client, rolename } = clientAndRole(fields, draft);
      return change(draft, { ...client, roles: client.roles.filter((use) => use.rolename !== rolename) });
    },
  },
  {
    name: 'enableClient',
    changes: true,
    run(fields, draft) {
      draft.putClient({ ...clientFrom(fields, draft), disabled: false });
      return null;
    },
  },
  {
    name: 'disableClient',
    changes: true,
    run: (fields, draft) => change(draft, { ...clientFrom(fields, draft), disabled: true }),
  },
];

async function createClient(fields: JsonFields, draft: Draft, hash: HashPassword): Promise<null> {
  const { state } = draft;
  const username = newNameFrom(fields, 'username');
  const password = optionalText(fields, 'password');
  const clientid = optionalClientId(fields, 'client id');
  const textname = optionalText(fields, 'textname');
  const textdescription = optionalText(fields, 'textdescription');
  refuseIf(state.clients.has(username), 'Client already exists');
  const roles = roleUsesFrom(fields, state) ?? [];
  const groups = groupUsesFrom(fields, state) ?? [];
  draft.putClient({
    username,
    clientid,
    textname,
    textdescription,
    disabled: false,
    roles,
    groups,
    password: password === undefined ? undefined : await stored(password, hash),
  });
  return null;
}

/** An empty password stays as it was, as in Mosquitto. */
async function modifyClient(fields: JsonFields, draft: Draft, hash: HashPassword): Promise<null> {
  const client = clientFrom(fields, draft);
  const password = optionalText(fields, 'password') ?? '';
  const clientid = fields.has('clientid') ? optionalClientId(fields, 'client id') : client.clientid;
  return change(draft, {
    ...client,
    clientid,
    textname: optionalText(fields, 'textname') ?? client.textname,
    textdescription: optionalText(fields, 'textdescription') ?? client.textdescription,
    roles: roleUsesFrom(fields, draft.state) ?? client.roles,
    groups: groupUsesFrom(fields, draft.state) ?? client.groups,
    password: password === '' ? client.password : await stored(password, hash),
  });
}

function addClientRole(fields: JsonFields, draft: Draft): null {
  const { client, rolename } = clientAndRole(fields, draft);
  refuseIf(
    client.roles.some((use) => use.rolename === rolename),
    'Client already has this role',
  );
  const priority = priorityFrom(fields.get('priority'), NO_PRIORITY);
  return change(draft, { ...client, roles: inOrderOfUse([...client.roles, { rolename, priority }]) });
}

function clientFrom(fields: JsonFields, { state }: Draft): SecurityClient {
  return found(state.clients.get(nameFrom(fields, 'username')), NOT_FOUND);
}

function clientAndRole(
  fields: JsonFields,
  draft: Draft,
): { readonly client: SecurityClient; readonly rolename: string } {
  nameFrom(fields, 'username');
  const rolename = nameFrom(fields, 'rolename');
  const client = clientFrom(fields, draft);
  refuseIf(!draft.state.roles.has(rolename), 'Role not found');
  return { client, rolename };
}

function change(draft: Draft, client: SecurityClient): null {
  draft.putClient(client);
  draft.kicked.add(client.username);
  return null;
}

async function stored(password: string, hash: HashPassword): Promise<StoredPassword> {
  return { hash: await hash(password), isLegacy: false };
}
