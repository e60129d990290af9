import { ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { checkTopicName } from '../topic-name.ts';

/**
 * Refuses a received Topic Name that is empty or has a wildcard. How many levels it may have is the server's policy.
 *
 * @throws {ProtocolError} with `reasonCode`.
 */
export function refuseInvalidTopicName(
  topicName: string,
  field: string,
  reasonCode: ReasonCode = ReasonCode.TopicNameInvalid,
): void {
  const problem = checkTopicName(topicName, Number.POSITIVE_INFINITY);
  if (problem !== null) {
    throw new ProtocolError(`expected a topic name as ${field}, got one that is ${problem}`, reasonCode);
  }
}
