/** `why` on the control socket: the query as JSON has it. */
import type { ExplanationQuery, GivenIdentity } from '../../core/explain/explanation.ts';
import type { ControlRequest } from './control-message.ts';
import { choiceOf, flagOf, neededText, sectionOf, textOf, textsOf } from './request-parameters.ts';

/**
 * `{"clientId":"door","topicName":"home/door","action":"publish"}`, and what else an `ExplanationQuery` has.
 * @throws {ControlError} for what is none
 */
export function queryOf({ parameters }: ControlRequest): ExplanationQuery {
  const identity = sectionOf(parameters, 'identity');
  return {
    clientId: neededText(parameters, 'clientId'),
    topicName: neededText(parameters, 'topicName'),
    action: choiceOf(parameters, 'action', ['publish', 'receive']) ?? 'receive',
    qos: choiceOf(parameters, 'qos', [0, 1, 2]),
    retain: flagOf(parameters, 'retain'),
    identity: identity === undefined ? undefined : identityOf(identity),
  };
}

function identityOf(section: ControlRequest['parameters']): GivenIdentity {
  return {
    username: textOf(section, 'username'),
    peer: textOf(section, 'peer'),
    listener: textOf(section, 'listener'),
    groups: textsOf(section, 'groups'),
    protocolVersion: choiceOf(section, 'protocolVersion', [3, 4, 5]),
  };
}
