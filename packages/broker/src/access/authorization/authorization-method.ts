/** One of the methods that decide what clients may do, asked in a configured order: see `ComposedAuthorizer`. */
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  AuthorizedAction,
  OptionalQuestions,
  RuleReference,
} from '../../core/ports/authorizer.ts';

export interface AuthorizationMethod {
  readonly asks: OptionalQuestions;
  /** What it decides, at once; undefined: this is not its decision, and the next method is asked. */
  decide(request: AuthorizationRequest): AuthorizationAnswer | undefined;
}

const DOING: Readonly<Record<AuthorizedAction, string>> = {
  publish: 'publish to this topic',
  will: 'publish its will to this topic',
  subscribe: 'subscribe to this topic filter',
  unsubscribe: 'unsubscribe from this topic filter',
  receive: 'receive messages of this topic',
};

export function allowedBy(rule: RuleReference): AuthorizationAnswer {
  return { allowed: true, rule };
}

/** The client is told whether a rule was against it or none was for it, and nothing of where the rule stands. */
export function deniedBy(rule: RuleReference, action: AuthorizedAction): AuthorizationAnswer {
  return { allowed: false, reasonString: `not authorized: a rule forbids to ${DOING[action]}`, rule };
}

/** @param rule what says so when nothing else does, such as the end of a file */
export function deniedForWantOf(rule: RuleReference, action: AuthorizedAction): AuthorizationAnswer {
  return { allowed: false, reasonString: `not authorized: no rule allows to ${DOING[action]}`, rule };
}
