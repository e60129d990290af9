/** The state as commands change it, with who must be disconnected for it. It takes effect as a whole, or not at all. */
import type { SecurityClient, SecurityGroup, SecurityRole, SecurityView } from './security-state.ts';
import { membersOf, SecurityState } from './security-state.ts';

export class Draft {
  readonly state: SecurityState;
  /** User names whose connections end; undefined stands for clients without one. */
  readonly kicked: Set<string | undefined> = new Set();

  constructor(inForce: SecurityView) {
    this.state = new SecurityState(inForce);
  }

  /** Whether there is anything to keep. */
  get hasChanges(): boolean {
    return this.#changes > 0;
  }

  #changes = 0;

  changed(): void {
    this.#changes++;
    this.state.changeIndex++;
  }

  putClient(client: SecurityClient): void {
    this.state.clients.set(client.username, client);
    this.changed();
  }

  putGroup(group: SecurityGroup): void {
    this.state.groups.set(group.groupname, group);
    this.changed();
  }

  putRole(role: SecurityRole): void {
    this.state.roles.set(role.rolename, role);
    this.changed();
  }

  kickGroup(groupname: string): void {
    for (const { username } of membersOf(this.state, groupname)) this.kicked.add(username);
    if (this.state.anonymousGroup === groupname) this.kicked.add(undefined);
  }

  kickRole(rolename: string): void {
    const groups = new Set<string>();
    for (const { groupname, roles } of this.state.groups.values())
      if (roles.some((use) => use.rolename === rolename)) groups.add(groupname);
    for (const { username, roles, groups: own } of this.state.clients.values()) {
      const uses =
        roles.some((use) => use.rolename === rolename) || own.some((use) => groups.has(use.groupname));
      if (uses) this.kicked.add(username);
    }
    const { anonymousGroup } = this.state;
    if (anonymousGroup !== undefined && groups.has(anonymousGroup)) this.kicked.add(undefined);
  }
}
