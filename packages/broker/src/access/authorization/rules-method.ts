/**
 * Authorisation by `authorization.rules`: the first rule that decides counts, in the order in which they are written.
 *
 * | question | an `allow` decides if | a `deny` decides if |
 * |---|---|---|
 * | publish (and the will) | it matches the topic name, within its `qos` and `retain` | it matches the topic name, and `retain` |
 * | subscribe, unsubscribe | it covers the filter: every topic of the filter is one of the rule's | they have a topic in common |
 * | receive | it matches the topic name | it matches the topic name |
 *
 * A message may also be received by whom the rules let subscribe to its very topic, so that `receive` need not be written
 * beside `subscribe`, and takes effect at once when a rule is taken away. To unsubscribe is allowed unless a rule decides.
 */
import type { RuleAction } from '../../config/access-configuration.ts';
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  ClientIdentity,
  OptionalQuestions,
} from '../../core/ports/authorizer.ts';
import type { AuthorizationMethod } from './authorization-method.ts';
import { allowedBy, deniedBy } from './authorization-method.ts';
import { requestedLevels } from './requested-topic.ts';
import type { Rule } from './rule.ts';
import type { Levels } from './topic-levels.ts';
import { levelsCover, levelsInCommon, levelsMatch } from './topic-levels.ts';

/** A rule that is about one client, with the filters that it has for it. */
interface ResolvedRule {
  readonly rule: Rule;
  readonly filters: readonly Levels[];
}

export class RulesMethod implements AuthorizationMethod {
  readonly asks: OptionalQuestions;
  /** By user, those that can be about nobody else. */
  readonly #ofUser = new Map<string, Rule[]>();
  readonly #others: Rule[] = [];
  readonly #resolved = new WeakMap<ClientIdentity, readonly ResolvedRule[]>();

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) this.#file(rule);
    this.asks = {
      receive: rules.length > 0,
      unsubscribe: rules.some(({ actions }) => actions.has('unsubscribe')),
    };
  }

  #file(rule: Rule): void {
    const { users } = rule.subject;
    if (users === null) this.#others.push(rule);
    for (const user of new Set(users)) {
      const own = this.#ofUser.get(user);
      if (own === undefined) this.#ofUser.set(user, [rule]);
      else own.push(rule);
    }
  }

  decide(request: AuthorizationRequest): AuthorizationAnswer | undefined {
    const rules = this.#for(request.client);
    const levels = requestedLevels(request);
    switch (request.action) {
      case 'publish':
      case 'will':
        return publishing(rules, levels, request);
      case 'subscribe':
        return filtering(rules, levels, 'subscribe');
      case 'unsubscribe':
        return filtering(rules, levels, 'unsubscribe');
      case 'receive':
        return receiving(rules, levels);
    }
  }

  /** Those that are about the client, in their order. */
  #for(client: ClientIdentity): readonly ResolvedRule[] {
    const known = this.#resolved.get(client);
    if (known !== undefined) return known;
    const own = client.username === undefined ? [] : (this.#ofUser.get(client.username) ?? []);
    const candidates = [...own, ...this.#others].sort((a, b) => a.index - b.index);
    const resolved = candidates.flatMap((rule): readonly ResolvedRule[] => {
      if (!rule.subject.includes(client)) return [];
      const filters = rule.topics.map((topic) => topic.for(client)).filter((filter) => filter !== null);
      return filters.length === 0 ? [] : [{ rule, filters }];
    });
    this.#resolved.set(client, resolved);
    return resolved;
  }
}

function publishing(
  rules: readonly ResolvedRule[],
  name: Levels,
  { action, qos, retain }: AuthorizationRequest,
): AuthorizationAnswer | undefined {
  for (const { rule, filters } of rules) {
    if (!rule.actions.has('publish') || !filters.some((filter) => levelsMatch(filter, name))) continue;
    if (rule.qos !== null && qos > rule.qos) continue;
    if (rule.retain !== null && retain !== rule.retain) continue;
    return rule.allows ? allowedBy(rule.reference) : deniedBy(rule.reference, action);
  }
  return undefined;
}

function filtering(
  rules: readonly ResolvedRule[],
  asked: Levels,
  action: Extract<RuleAction, 'subscribe' | 'unsubscribe'>,
): AuthorizationAnswer | undefined {
  for (const { rule, filters } of rules) {
    if (!rule.actions.has(action)) continue;
    if (!rule.allows) {
      if (filters.some((filter) => levelsInCommon(filter, asked) !== null))
        return deniedBy(rule.reference, action);
    } else if (filters.some((filter) => levelsCover(filter, asked))) {
      return rule.qos === null
        ? allowedBy(rule.reference)
        : { allowed: true, qos: rule.qos, rule: rule.reference };
    }
  }
  return undefined;
}

function receiving(rules: readonly ResolvedRule[], name: Levels): AuthorizationAnswer | undefined {
  for (const { rule, filters } of rules) {
    if (!rule.actions.has('receive') || !filters.some((filter) => levelsMatch(filter, name))) continue;
    return rule.allows ? allowedBy(rule.reference) : deniedBy(rule.reference, 'receive');
  }
  const answer = filtering(rules, name, 'subscribe');
  return answer?.allowed === false && answer.rule !== undefined ? deniedBy(answer.rule, 'receive') : answer;
}
