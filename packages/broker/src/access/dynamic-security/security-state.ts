/**
 * What dynamic security knows: clients (users, one would say: they are found by user name), groups of them, roles, and what
 * holds where no role says anything. Mosquitto's plugin of that name draws up the model.
 *
 * The parts are values that never change; a change puts another one in place. So a copy of the state costs little, commands
 * work on a copy, and a copy that cannot be written to the disk is simply forgotten.
 */
import type { PasswordHash } from '../password-hash.ts';
import type { RoleAcl } from './role-acl.ts';
import { compareTexts } from './text-order.ts';

/** The use of a role by a client or a group. */
export interface RoleUse {
  readonly rolename: string;
  /** The higher, the earlier it is asked. */
  readonly priority: number;
}

export interface GroupUse {
  readonly groupname: string;
  readonly priority: number;
}

export interface SecurityClient {
  readonly username: string;
  /** Undefined: the user may connect with any client identifier. */
  readonly clientid: string | undefined;
  readonly textname: string | undefined;
  readonly textdescription: string | undefined;
  readonly disabled: boolean;
  /** In the order in which they are asked. */
  readonly roles: readonly RoleUse[];
  readonly groups: readonly GroupUse[];
  /** Undefined: nobody can connect as this user. */
  readonly password: StoredPassword | undefined;
}

export interface StoredPassword {
  readonly hash: PasswordHash;
  /** Kept in the keys `password`, `salt` and `iterations`, as Mosquitto 2.0 does: it reads nothing else. */
  readonly isLegacy: boolean;
}

export interface SecurityGroup {
  readonly groupname: string;
  readonly textname: string | undefined;
  readonly textdescription: string | undefined;
  readonly roles: readonly RoleUse[];
}

export interface SecurityRole {
  readonly rolename: string;
  readonly textname: string | undefined;
  readonly textdescription: string | undefined;
  /** False: whoever has the role subscribes to no filter with a wildcard, unless a role before it decides. */
  readonly allowWildcardSubs: boolean;
  /** In the order in which they are asked, those of each type. */
  readonly acls: readonly RoleAcl[];
}

/** What holds where no ACL decides. */
export interface DefaultAccess {
  readonly publishClientSend: boolean;
  readonly publishClientReceive: boolean;
  readonly subscribe: boolean;
  readonly unsubscribe: boolean;
}

/** Of Mosquitto. */
export const DEFAULT_ACCESS: Readonly<DefaultAccess> = {
  publishClientSend: false,
  publishClientReceive: true,
  subscribe: false,
  unsubscribe: true,
};

/** The state that is in force, which only reads. */
export interface SecurityView {
  readonly clients: ReadonlyMap<string, SecurityClient>;
  readonly groups: ReadonlyMap<string, SecurityGroup>;
  readonly roles: ReadonlyMap<string, SecurityRole>;
  readonly defaultAccess: DefaultAccess;
  /** Whose roles clients without a user name have; undefined: they have none. */
  readonly anonymousGroup: string | undefined;
  /** Counts the changes since the file was made. */
  readonly changeIndex: number;
}

export class SecurityState implements SecurityView {
  readonly clients: Map<string, SecurityClient>;
  readonly groups: Map<string, SecurityGroup>;
  readonly roles: Map<string, SecurityRole>;
  defaultAccess: DefaultAccess;
  anonymousGroup: string | undefined;
  changeIndex: number;

  /** @param of what it begins as. @default nothing in it */
  constructor(of?: SecurityView) {
    this.clients = new Map(of?.clients);
    this.groups = new Map(of?.groups);
    this.roles = new Map(of?.roles);
    this.defaultAccess = of?.defaultAccess ?? DEFAULT_ACCESS;
    this.anonymousGroup = of?.anonymousGroup;
    this.changeIndex = of?.changeIndex ?? 0;
  }
}

/** The higher priority first, of equals in the order of their names. */
export function inOrderOfUse<Use extends RoleUse | GroupUse>(uses: readonly Use[]): readonly Use[] {
  return [...uses].sort((a, b) => b.priority - a.priority || compareTexts(nameOf(a), nameOf(b)));
}

function nameOf(use: RoleUse | GroupUse): string {
  return 'rolename' in use ? use.rolename : use.groupname;
}

/** The members of a group. */
export function membersOf(state: SecurityView, groupname: string): readonly SecurityClient[] {
  return [...state.clients.values()].filter(({ groups }) =>
    groups.some((use) => use.groupname === groupname),
  );
}
