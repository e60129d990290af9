/**
 * Authorisation by what a client's token says: the authenticator leaves it in `ClientIdentity.permissions`, as lists of topic
 * filters with `%c` and `%u`.
 *
 *     { "publish": ["sensors/%u/#"], "subscribe": ["commands/%u/+"], "receive": [] }
 *
 * A client with such permissions may do what they say and nothing else; others are not this method's business. A client
 * may receive what it may subscribe to. What is not a topic filter in a token permits nothing, and neither do filters after
 * the first {@link MOST_FILTERS} of a list: the token comes from outside.
 */
import { checkTopicFilter } from '@martlet/protocol';
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  ClientIdentity,
  OptionalQuestions,
  RuleReference,
} from '../../core/ports/authorizer.ts';
import type { AuthorizationMethod } from './authorization-method.ts';
import { allowedBy, deniedForWantOf } from './authorization-method.ts';
import { requestedLevels } from './requested-topic.ts';
import type { Levels } from './topic-levels.ts';
import { levelsCover } from './topic-levels.ts';
import { TopicTemplate } from './topic-template.ts';

/** Of each list of a token. */
export const MOST_FILTERS = 1000;

const SOURCE = 'token of the client';

interface Permission {
  readonly filter: Levels;
  readonly rule: RuleReference;
}

interface Permissions {
  readonly publish: readonly Permission[];
  readonly subscribe: readonly Permission[];
  readonly receive: readonly Permission[];
}

export class TokenMethod implements AuthorizationMethod {
  readonly asks: OptionalQuestions = { receive: true };
  readonly #permissions = new WeakMap<ClientIdentity, Permissions | 'none'>();

  decide(request: AuthorizationRequest): AuthorizationAnswer | undefined {
    const permissions = this.#of(request.client);
    if (permissions === 'none' || request.action === 'unsubscribe') return undefined;
    const levels = requestedLevels(request);
    const { action } = request;
    const permission = listFor(permissions, action).find(({ filter }) => levelsCover(filter, levels));
    if (permission !== undefined) return allowedBy(permission.rule);
    return deniedForWantOf({ source: SOURCE, line: undefined, text: 'no permission for this' }, action);
  }

  #of(client: ClientIdentity): Permissions | 'none' {
    let permissions = this.#permissions.get(client);
    if (permissions === undefined) {
      permissions = permissionsFrom(client) ?? 'none';
      this.#permissions.set(client, permissions);
    }
    return permissions;
  }
}

function listFor(
  { publish, subscribe, receive }: Permissions,
  action: Exclude<AuthorizationRequest['action'], 'unsubscribe'>,
): readonly Permission[] {
  switch (action) {
    case 'publish':
    case 'will':
      return publish;
    case 'subscribe':
      return subscribe;
    case 'receive':
      return [...receive, ...subscribe];
  }
}

function permissionsFrom(client: ClientIdentity): Permissions | undefined {
  const { permissions } = client;
  if (typeof permissions !== 'object' || permissions === null) return undefined;
  const lists = permissions as Readonly<Record<string, unknown>>;
  return {
    publish: permissionList(lists['publish'], 'publish', client),
    subscribe: permissionList(lists['subscribe'], 'subscribe', client),
    receive: permissionList(lists['receive'], 'receive', client),
  };
}

function permissionList(list: unknown, action: string, client: ClientIdentity): readonly Permission[] {
  if (!Array.isArray(list)) return [];
  return list.slice(0, MOST_FILTERS).flatMap((text: unknown): readonly Permission[] => {
    if (typeof text !== 'string' || checkTopicFilter(text) !== null) return [];
    const filter = new TopicTemplate(text).for(client);
    return filter === null
      ? []
      : [{ filter, rule: { source: SOURCE, line: undefined, text: `${action} ${text}` } }];
  });
}
