/**
 * What the roles of one client let it do: its own roles in the order of their priority, then those of its groups in the order
 * of theirs. Of the ACLs of a role that are about the question, the first that matches decides; literal ones are asked before
 * patterns. What no role decides, the default access does.
 */
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  AuthorizedAction,
  RuleReference,
} from '../../core/ports/authorizer.ts';
import { allowedBy, deniedBy, deniedForWantOf } from '../authorization/authorization-method.ts';
import { requestedTopic } from '../authorization/requested-topic.ts';
import type { Levels } from '../authorization/topic-levels.ts';
import { levelsCover } from '../authorization/topic-levels.ts';
import type { TemplateNames } from '../authorization/topic-template.ts';
import type { AclType, RoleAcl } from './role-acl.ts';
import { templateOf } from './role-acl.ts';
import type { DefaultAccess, RoleUse, SecurityRole, SecurityView } from './security-state.ts';

/** One thing to ask, in order. */
type Step =
  | {
      readonly kind: 'literal';
      readonly topic: string;
      readonly allow: boolean;
      readonly rule: RuleReference;
    }
  | {
      readonly kind: 'pattern';
      readonly filter: Levels;
      readonly allow: boolean;
      readonly rule: RuleReference;
    }
  /** No filter with a wildcard passes here. */
  | { readonly kind: 'no-wildcards'; readonly rule: RuleReference };

interface Question {
  readonly literal: AclType | null;
  readonly pattern: AclType;
  readonly otherwise: keyof DefaultAccess;
}

const QUESTIONS: Readonly<Record<AuthorizedAction, Question>> = {
  publish: { literal: null, pattern: 'publishClientSend', otherwise: 'publishClientSend' },
  will: { literal: null, pattern: 'publishClientSend', otherwise: 'publishClientSend' },
  receive: { literal: null, pattern: 'publishClientReceive', otherwise: 'publishClientReceive' },
  subscribe: { literal: 'subscribeLiteral', pattern: 'subscribePattern', otherwise: 'subscribe' },
  unsubscribe: { literal: 'unsubscribeLiteral', pattern: 'unsubscribePattern', otherwise: 'unsubscribe' },
};

export class ClientRights {
  /** Of which they were made: another state has other rights. */
  readonly state: SecurityView;
  readonly #names: TemplateNames;
  readonly #roles: readonly SecurityRole[];
  readonly #source: string;
  /** By the type of pattern that a question asks; made when it is first asked. */
  readonly #steps = new Map<AclType, readonly Step[]>();

  /** @param source names dynamic security in explanations */
  constructor(state: SecurityView, names: TemplateNames, uses: readonly RoleUse[], source: string) {
    this.state = state;
    this.#names = names;
    this.#roles = uses.flatMap(({ rolename }) => state.roles.get(rolename) ?? []);
    this.#source = source;
  }

  decide(request: AuthorizationRequest): AuthorizationAnswer {
    const { action } = request;
    const question = QUESTIONS[action];
    const step = this.#stepsOf(question).find((each) => applies(each, request));
    if (step !== undefined)
      return step.kind !== 'no-wildcards' && step.allow ? allowedBy(step.rule) : deniedBy(step.rule, action);
    const { otherwise } = question;
    const allowed = this.state.defaultAccess[otherwise];
    const rule = this.#says(`default access: ${allowed ? 'allow' : 'deny'} ${otherwise}`);
    return allowed ? allowedBy(rule) : deniedForWantOf(rule, action);
  }

  #stepsOf(question: Question): readonly Step[] {
    const known = this.#steps.get(question.pattern);
    if (known !== undefined) return known;
    const steps = this.#roles.flatMap((role) => this.#stepsOfRole(role, question));
    this.#steps.set(question.pattern, steps);
    return steps;
  }

  #stepsOfRole(role: SecurityRole, { literal, pattern }: Question): readonly Step[] {
    const steps: Step[] = [];
    if (literal === 'subscribeLiteral' && !role.allowWildcardSubs)
      steps.push({
        kind: 'no-wildcards',
        rule: this.#says(`role ${role.rolename}: allowwildcardsubs false`),
      });
    for (const acl of role.acls)
      if (acl.acltype === literal) steps.push({ kind: 'literal', ...acl, rule: this.#ruleOf(role, acl) });
    for (const acl of role.acls) {
      const filter = acl.acltype === pattern ? templateOf(acl).for(this.#names) : null;
      if (filter !== null)
        steps.push({ kind: 'pattern', filter, allow: acl.allow, rule: this.#ruleOf(role, acl) });
    }
    return steps;
  }

  #ruleOf({ rolename }: SecurityRole, { acltype, topic, priority, allow }: RoleAcl): RuleReference {
    return this.#says(
      `role ${rolename}: ${allow ? 'allow' : 'deny'} ${acltype} ${topic}, priority ${priority}`,
    );
  }

  #says(text: string): RuleReference {
    return { source: this.#source, line: undefined, text };
  }
}

/**
 * A role may be about shared subscriptions by name (`$share/group/a/#`), as it must be in Mosquitto 2.0, or about the topic
 * filter that they share.
 */
function applies(step: Step, request: AuthorizationRequest): boolean {
  const { topic } = request;
  const withoutShare = requestedTopic(request);
  switch (step.kind) {
    case 'no-wildcards':
      return /[+#]/.test(topic);
    case 'literal':
      return step.topic === topic || step.topic === withoutShare;
    case 'pattern':
      return (
        levelsCover(step.filter, withoutShare.split('/')) ||
        (topic !== withoutShare && levelsCover(step.filter, topic.split('/')))
      );
  }
}
