/**
 * Whom a rule is about: `who`. All that is given must hold, and of a list one entry; `who` without anything is everyone.
 * Nothing of it changes while a client is connected, so each client is asked about once.
 */
import type { RuleSubjectConfiguration } from '../../config/access-configuration.ts';
import type { KeyPath } from '../../config/key-path.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import type { CertificateIdentity } from '../../core/ports/transport.ts';
import { AddressBlocks } from './address-blocks.ts';
import { anyGlobMatches } from './glob.ts';

/** Users of each group that the configuration names, by group. */
export type Groups = Readonly<Record<string, readonly string[]>>;

export class RuleSubject {
  readonly #who: RuleSubjectConfiguration;
  readonly #groups: ReadonlySet<string> | null;
  /** Of the groups, those that the configuration names. */
  readonly #members: ReadonlySet<string>;
  readonly #addresses: AddressBlocks | null;
  /** The only users that it can be about, so that rules are found by user; null: it may be about others, too. */
  readonly users: readonly string[] | null;

  /** @param onProblem told what is wrong, and where in `who` */
  constructor(
    who: RuleSubjectConfiguration,
    groups: Groups,
    onProblem: (path: KeyPath, text: string) => void,
  ) {
    this.#who = who;
    this.users = who.users === null || who.users.some((user) => user.includes('*')) ? null : who.users;
    this.#groups = who.groups === null ? null : new Set(who.groups);
    this.#members = new Set((who.groups ?? []).flatMap((group) => membersOf(groups, group)));
    this.#addresses = who.addresses === null ? null : new AddressBlocks();
    for (const [at, address] of (who.addresses ?? []).entries()) {
      const problem = this.#addresses!.add(address);
      if (problem !== null) onProblem(['addresses', at], problem);
    }
  }

  includes(client: ClientIdentity): boolean {
    const { users, clientIds, certificates, listeners, anonymous } = this.#who;
    const { username } = client;
    if (users !== null && (username === undefined || !anyGlobMatches(users, username))) return false;
    if (this.#groups !== null && !this.#hasMember(client, this.#groups)) return false;
    if (clientIds !== null && !anyGlobMatches(clientIds, client.clientId)) return false;
    if (this.#addresses !== null && !this.#addresses.includes(client.peer)) return false;
    if (certificates !== null && !hasCertificate(certificates, client.security?.certificate)) return false;
    if (listeners !== null && !listeners.includes(client.origin.listener)) return false;
    return anonymous === null || anonymous === (username === undefined);
  }

  #hasMember({ username, groups }: ClientIdentity, named: ReadonlySet<string>): boolean {
    return (
      (username !== undefined && this.#members.has(username)) || groups.some((group) => named.has(group))
    );
  }
}

/** Groups are the operator's names: one called `constructor` has no users but those that are given. */
function membersOf(groups: Groups, group: string): readonly string[] {
  return Object.hasOwn(groups, group) ? groups[group]! : [];
}

/** A CN, or an alternative name with its kind, such as `dns:pump.example.org`. */
function hasCertificate(globs: readonly string[], certificate: CertificateIdentity | undefined): boolean {
  if (certificate === undefined) return false;
  const { commonName, subjectAlternativeNames } = certificate;
  const names = commonName === undefined ? subjectAlternativeNames : [commonName, ...subjectAlternativeNames];
  return names.some((name) => anyGlobMatches(globs, name));
}
