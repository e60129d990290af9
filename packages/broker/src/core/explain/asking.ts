/** Questions to an authoriser on behalf of who asks why: as a message would ask, but nothing is done with the answer. */
import { ReasonCode } from '@martlet/protocol';
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  Authorizer,
  ClientIdentity,
} from '../ports/authorizer.ts';
import { isControl, isSys } from '../topics/brokers-topics.ts';
import type { ExplainedDecision } from './explanation.ts';

const NOBODY: Readonly<ExplainedDecision> = Object.freeze({
  allowed: true,
  by: 'nobody',
  reasonCode: null,
  reason: 'nobody decides about this: everything is allowed',
  rule: null,
});

/**
 * Asks, and calls `done` once with what was decided: at once, or when the authoriser has answered.
 * @param authorizer null: everything is allowed
 */
export function decide(
  authorizer: Authorizer | null,
  request: AuthorizationRequest,
  done: (decision: ExplainedDecision) => void,
): void {
  const { action, topic } = request;
  if (action === 'publish' && (isSys(topic) || (authorizer === null && isControl(topic)))) {
    done({
      allowed: false,
      by: 'broker',
      reasonCode: ReasonCode.NotAuthorized,
      reason: isSys(topic)
        ? 'only the broker publishes below $SYS/'
        : 'nobody may control the broker unless an authoriser lets it',
      rule: null,
    });
    return;
  }
  if (authorizer === null) {
    done(NOBODY);
    return;
  }
  let answered = false;
  const take = (answer: AuthorizationAnswer): void => {
    if (answered) return;
    answered = true;
    done(decisionOf(answer));
  };
  const atOnce = authorizer.authorize(request, take);
  if (atOnce !== undefined) take(atOnce);
}

/** Whether the client may receive messages of the topic, which is always answered at once. */
export function decideReceive(
  authorizer: Authorizer | null,
  client: ClientIdentity,
  topic: string,
): ExplainedDecision {
  if (authorizer?.asks?.receive !== true) return NOBODY;
  const answer = authorizer.authorize({ client, action: 'receive', topic, qos: 0, retain: false }, () => {});
  return answer === undefined ? NOBODY : decisionOf(answer);
}

function decisionOf(answer: AuthorizationAnswer): ExplainedDecision {
  const { allowed, rule = null } = answer;
  if (allowed) return { allowed, by: 'authorizer', reasonCode: null, reason: 'allowed', rule };
  const { reasonCode = ReasonCode.NotAuthorized, reasonString = 'not authorized' } = answer;
  return { allowed, by: 'authorizer', reasonCode, reason: reasonString, rule };
}
