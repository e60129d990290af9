/**
 * The authoriser that a configuration makes: its methods in order, the first definite answer counts, and what none of
 * them decides is allowed or denied as `authorization.default` says. Two things stand before all methods and behind them:
 *
 *  - `$SYS` is the broker's to write. Nobody publishes there, but to `$SYS/broker/connection/+/state`, where bridges say
 *    that they are connected.
 *  - `$CONTROL` is never open by default: a method must allow it.
 *
 * To unsubscribe is allowed unless a method forbids it: a client that may not would be sent what it does not want.
 */
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  Authorizer,
  OptionalQuestions,
  RuleReference,
} from '../../core/ports/authorizer.ts';
import type { AuthorizationMethod } from './authorization-method.ts';
import { allowedBy, deniedBy, deniedForWantOf } from './authorization-method.ts';
import { isControlTopic, requestedTopic } from './requested-topic.ts';
import { levelsMatch } from './topic-levels.ts';

const BRIDGE_STATE: readonly string[] = ['$SYS', 'broker', 'connection', '+', 'state'];

const NO_SYS: Readonly<RuleReference> = {
  source: 'Martlet',
  line: undefined,
  text: 'no client publishes to $SYS, but to $SYS/broker/connection/+/state',
};
const NO_CONTROL: Readonly<RuleReference> = {
  source: 'Martlet',
  line: undefined,
  text: '$CONTROL needs a rule that allows it',
};
const UNSUBSCRIBE: Readonly<RuleReference> = {
  source: 'Martlet',
  line: undefined,
  text: 'to unsubscribe is allowed unless a rule forbids it',
};

export interface ComposedAuthorizerOptions {
  readonly default: 'allow' | 'deny';
  /** Where `default` stands, for explanations. @default no line */
  readonly defaultRule?: RuleReference;
}

export class ComposedAuthorizer implements Authorizer {
  readonly asks: OptionalQuestions;
  readonly #methods: readonly AuthorizationMethod[];
  readonly #allowsByDefault: boolean;
  readonly #defaultRule: RuleReference;

  constructor(methods: readonly AuthorizationMethod[], options: ComposedAuthorizerOptions) {
    this.#methods = methods;
    this.#allowsByDefault = options.default === 'allow';
    this.#defaultRule = options.defaultRule ?? {
      source: 'authorization',
      line: undefined,
      text: `default: ${options.default}`,
    };
    this.asks = {
      receive: methods.some(({ asks }) => asks.receive === true),
      unsubscribe: methods.some(({ asks }) => asks.unsubscribe === true),
    };
  }

  authorize(request: AuthorizationRequest): AuthorizationAnswer {
    const { action } = request;
    const topic = requestedTopic(request);
    if ((action === 'publish' || action === 'will') && isForBrokerOnly(topic))
      return deniedBy(NO_SYS, action);
    for (const method of this.#methods) {
      const answer = method.decide(request);
      if (answer !== undefined) return answer;
    }
    if (action === 'unsubscribe') return allowedBy(UNSUBSCRIBE);
    if (isControlTopic(topic)) return deniedForWantOf(NO_CONTROL, action);
    return this.#allowsByDefault ? allowedBy(this.#defaultRule) : deniedForWantOf(this.#defaultRule, action);
  }
}

function isForBrokerOnly(topicName: string): boolean {
  if (topicName !== '$SYS' && !topicName.startsWith('$SYS/')) return false;
  return !levelsMatch(BRIDGE_STATE, topicName.split('/'));
}
