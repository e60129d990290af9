/**
 * Authorisation by Mosquitto's `acl_file`:
 *
 *  1. The entries of the client's user, or of anonymous clients, those that deny first: the first that matches the topic
 *     and denies, or has the access that is asked for, decides.
 *  2. If there are patterns, a client with `+` or `#` in its user name or identifier is denied.
 *  3. The patterns, as in 1.
 *  4. Otherwise denied; so a file without an entry denies everything.
 *
 * Mosquitto asks about reading when a message is to be delivered, and never when a client subscribes: the client is told
 * that it is subscribed, and nothing comes. Here, a subscription that could never get a message is refused unless
 * `denySubscribe` is false. One of which some messages may come is granted either way.
 */
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  ClientIdentity,
  OptionalQuestions,
  RuleReference,
} from '../../core/ports/authorizer.ts';
import type { AclEntry, AclFile } from './acl-file.ts';
import type { AuthorizationMethod } from './authorization-method.ts';
import { allowedBy, deniedBy, deniedForWantOf } from './authorization-method.ts';
import { requestedLevels } from './requested-topic.ts';
import type { Levels } from './topic-levels.ts';
import { levelsCover, levelsInCommon, levelsMatch } from './topic-levels.ts';

/** An entry with the filter that it is for one client. */
interface ResolvedEntry {
  readonly entry: AclEntry;
  readonly filter: Levels;
}

/** What the file says about one client. */
interface ResolvedAcl {
  readonly own: readonly ResolvedEntry[];
  /** Null: this client is denied what its own entries do not decide. */
  readonly patterns: readonly ResolvedEntry[] | null;
}

export interface AclFileMethodOptions {
  /** Whether a subscription that could never get a message is refused. @default true */
  readonly denySubscribe?: boolean;
}

export class AclFileMethod implements AuthorizationMethod {
  readonly asks: OptionalQuestions = { receive: true };
  readonly #acl: AclFile;
  readonly #denySubscribe: boolean;
  readonly #resolved = new WeakMap<ClientIdentity, ResolvedAcl>();
  readonly #noEntry: RuleReference;
  readonly #special: RuleReference;
  readonly #granted: RuleReference;

  constructor(acl: AclFile, { denySubscribe = true }: AclFileMethodOptions = {}) {
    this.#acl = acl;
    this.#denySubscribe = denySubscribe;
    const says = (text: string): RuleReference => ({ source: acl.file, line: undefined, text });
    this.#noEntry = says('no entry allows it');
    this.#special = says('no pattern is for a client with + or # in its user name or identifier');
    this.#granted = says('subscriptions are granted, and what may not be read does not come');
  }

  decide(request: AuthorizationRequest): AuthorizationAnswer | undefined {
    switch (request.action) {
      case 'unsubscribe':
        return undefined;
      case 'subscribe':
        return this.#subscribe(request);
      case 'publish':
      case 'will':
        return this.#access(request, 'write');
      case 'receive':
        return this.#access(request, 'read');
    }
  }

  #access(request: AuthorizationRequest, access: 'read' | 'write'): AuthorizationAnswer {
    const { action } = request;
    const { own, patterns } = this.#for(request.client);
    const name = requestedLevels(request);
    const decides = ({ entry, filter }: ResolvedEntry): boolean =>
      (entry.access === 'deny' || grants(entry, access)) && levelsMatch(filter, name);
    const found = own.find(decides) ?? patterns?.find(decides);
    if (found === undefined)
      return deniedForWantOf(patterns === null ? this.#special : this.#noEntry, action);
    const { rule } = found.entry;
    return found.entry.access === 'deny' ? deniedBy(rule, action) : allowedBy(rule);
  }

  /** Refused if no entry lets through any topic of the filter that no entry before it denies. */
  #subscribe(request: AuthorizationRequest): AuthorizationAnswer {
    if (!this.#denySubscribe) return allowedBy(this.#granted);
    const { own, patterns } = this.#for(request.client);
    const filter = requestedLevels(request);
    const denying: ResolvedEntry[] = [];
    let against: RuleReference | null = null;
    for (const each of [...own, ...(patterns ?? [])]) {
      if (each.entry.access === 'deny') denying.push(each);
      else if (grants(each.entry, 'read')) {
        const common = levelsInCommon(each.filter, filter);
        if (common === null) continue;
        const denied = denying.find((deny) => levelsCover(deny.filter, common));
        if (denied === undefined) return allowedBy(each.entry.rule);
        against = denied.entry.rule;
      }
    }
    if (against !== null) return deniedBy(against, 'subscribe');
    return deniedForWantOf(patterns === null ? this.#special : this.#noEntry, 'subscribe');
  }

  #for(client: ClientIdentity): ResolvedAcl {
    const known = this.#resolved.get(client);
    if (known !== undefined) return known;
    const { username, clientId } = client;
    const own = username === undefined ? this.#acl.anonymous : (this.#acl.users.get(username) ?? []);
    const isSpecial = this.#acl.patterns.length > 0 && /[+#]/.test(`${username ?? ''}${clientId}`);
    const resolved: ResolvedAcl = {
      own: resolve(own, client),
      patterns: isSpecial ? null : resolve(this.#acl.patterns, client),
    };
    this.#resolved.set(client, resolved);
    return resolved;
  }
}

function resolve(entries: readonly AclEntry[], client: ClientIdentity): readonly ResolvedEntry[] {
  return entries.flatMap((entry) => {
    const filter = entry.topic.for(client);
    return filter === null ? [] : [{ entry, filter }];
  });
}

function grants({ access }: AclEntry, asked: 'read' | 'write'): boolean {
  return access === 'readwrite' || access === asked;
}
