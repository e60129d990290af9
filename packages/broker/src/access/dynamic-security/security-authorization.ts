/** Dynamic security as a method of authorisation. Clients whose user name it does not know are not its business. */
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  ClientIdentity,
  OptionalQuestions,
  RuleReference,
} from '../../core/ports/authorizer.ts';
import type { AuthorizationMethod } from '../authorization/authorization-method.ts';
import { deniedBy } from '../authorization/authorization-method.ts';
import { ClientRights } from './client-rights.ts';
import type { RoleUse, SecurityView } from './security-state.ts';

/** How rules are named in explanations. */
export const DYNAMIC_SECURITY = 'dynamic security';

/** Mosquitto asks no plugin about them: in a pattern they would be wildcards. */
const SPECIAL: Readonly<RuleReference> = {
  source: DYNAMIC_SECURITY,
  line: undefined,
  text: 'no client with + or # in its user name or identifier has rights',
};

export class SecurityAuthorization implements AuthorizationMethod {
  readonly asks: OptionalQuestions = { receive: true, unsubscribe: true };
  readonly #state: () => SecurityView;
  readonly #rights = new WeakMap<ClientIdentity, ClientRights>();

  /** @param state the one that is in force */
  constructor(state: () => SecurityView) {
    this.#state = state;
  }

  decide(request: AuthorizationRequest): AuthorizationAnswer | undefined {
    const { client } = request;
    const rights = this.#of(client);
    if (rights === undefined) return undefined;
    if (/[+#]/.test(`${client.username ?? ''}${client.clientId}`)) return deniedBy(SPECIAL, request.action);
    return rights.decide(request);
  }

  #of(client: ClientIdentity): ClientRights | undefined {
    const state = this.#state();
    const known = this.#rights.get(client);
    if (known?.state === state) return known;
    const uses = usesOf(state, client.username);
    if (uses === undefined) return undefined;
    const rights = new ClientRights(state, client, uses, DYNAMIC_SECURITY);
    this.#rights.set(client, rights);
    return rights;
  }
}

/** The roles of a user in the order in which they are asked; undefined for one who is not known. */
function usesOf(state: SecurityView, username: string | undefined): readonly RoleUse[] | undefined {
  const groupRoles = (groupname: string): readonly RoleUse[] => state.groups.get(groupname)?.roles ?? [];
  if (username === undefined)
    return state.anonymousGroup === undefined ? [] : groupRoles(state.anonymousGroup);
  const client = state.clients.get(username);
  if (client === undefined) return undefined;
  return [...client.roles, ...client.groups.flatMap(({ groupname }) => groupRoles(groupname))];
}
