/** What stands in several kinds of lines: a will, a shared group, a topic name. Each throws a `LineError`. */
import type { TopicProblem } from '@martlet/protocol';
import { checkTopicName, parseSharedFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { ShareOwner, WillRecord } from '../../../../core/ports/store.ts';
import type { LineFields } from './line-fields.ts';
import { LineError } from './line-fields.ts';

/** Those of a topic name that is as long as it can be: limits are the broker's. */
export const MOST_LEVELS = 65_536;
const LAST_SECOND = 0xffff_ffff;

export function readWill(fields: LineFields): WillRecord {
  const read: WillRecord = {
    topicName: readTopicName(fields),
    payload: fields.bytes('payload'),
    qos: fields.qos(),
    retain: fields.flag('retain'),
    properties: fields.properties(),
    messageExpiryInterval: fields.has('messageExpiryInterval')
      ? fields.integer('messageExpiryInterval', 0, LAST_SECOND)
      : undefined,
    willDelayInterval: fields.integer('willDelayInterval', 0, LAST_SECOND),
  };
  fields.end();
  return read;
}

export function readShare(fields: LineFields): ShareOwner {
  const shareName = fields.text('shareName');
  const topicFilter = fields.text('topicFilter');
  fields.end();
  const problem = sharedFilterProblem(`$share/${shareName}/${topicFilter}`);
  if (problem !== null)
    throw new LineError(
      `expected a shared group, "${shareName}" of "${topicFilter}" ${TOPIC_PROBLEMS[problem]}`,
    );
  return { kind: 'share', shareName, topicFilter };
}

export function sharedFilterProblem(sharedFilter: string): TopicProblem | null {
  const parsed = parseSharedFilter(sharedFilter, MOST_LEVELS);
  return typeof parsed === 'string' ? parsed : null;
}

export function readTopicName(fields: LineFields): string {
  const name = fields.text('topicName');
  const problem = checkTopicName(name, MOST_LEVELS);
  if (problem !== null) throw new LineError(`expected a topic name, "${name}" ${TOPIC_PROBLEMS[problem]}`);
  return name;
}
