/** The commands about what holds where no role says anything, and about the whole. */
import type { Command } from './command.ts';
import { CommandRefusal } from './command-refusal.ts';
import { JsonFields } from './json-fields.ts';
import type { DefaultAccess } from './security-state.ts';

const ACCESS_TYPES: readonly (keyof DefaultAccess)[] = [
  'publishClientSend',
  'publishClientReceive',
  'subscribe',
  'unsubscribe',
];

export const ACCESS_COMMANDS: readonly Command[] = [
  {
    name: 'setDefaultACLAccess',
    changes: true,
    run(fields, draft) {
      draft.state.defaultAccess = { ...draft.state.defaultAccess, ...accessFrom(fields) };
      draft.changed();
      return null;
    },
  },
  {
    name: 'getDefaultACLAccess',
    changes: false,
    run: (_, { state }) => ({
      acls: ACCESS_TYPES.map((acltype) => ({ acltype, allow: state.defaultAccess[acltype] })),
    }),
  },
  {
    name: 'getDetails',
    changes: false,
    run: (_, { state }) => ({
      clientCount: state.clients.size,
      groupCount: state.groups.size,
      roleCount: state.roles.size,
      changeIndex: state.changeIndex,
    }),
  },
];

function accessFrom(fields: JsonFields): Partial<DefaultAccess> {
  const list = fields.list('acls');
  if (list === undefined) throw new CommandRefusal('Missing/invalid actions array');
  const access: Partial<Record<keyof DefaultAccess, boolean>> = {};
  for (const entry of list) {
    const each = JsonFields.of(entry);
    const name = each?.string('acltype')?.toLowerCase();
    const acltype = ACCESS_TYPES.find((type) => type.toLowerCase() === name);
    if (acltype === undefined) throw new CommandRefusal('Unknown acltype');
    access[acltype] = allowFrom(each!);
  }
  return access;
}

/** `mosquitto_ctrl` 2.0 says `"access": "allow"`, which the plugin of its time passes over without a word. */
function allowFrom(fields: JsonFields): boolean {
  const allow = fields.get('allow');
  const access = fields.get('access');
  if (typeof allow === 'boolean') return allow;
  if (allow === undefined && (access === 'allow' || access === 'deny')) return access === 'allow';
  throw new CommandRefusal('Invalid/missing allow');
}
