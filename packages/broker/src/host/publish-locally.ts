/** What the application publishes, checked and handed to the core. */
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { BrokerCore } from '../core/broker-core.ts';
import { NOT_KEPT, REJECTED } from '../core/publish/application-publishing.ts';
import { isControl } from '../core/topics/brokers-topics.ts';
import type { PublishOptions } from './broker-options.ts';
import { notKept } from './kept-waiters.ts';

const encoder = new TextEncoder();

/**
 * @returns the commit that keeps it; 0 if nothing is to be waited for
 * @throws {TypeError | RangeError} for what cannot be published
 * @throws {Error} with a `code` if it is refused: nothing can be kept, or the queue of a recipient is full
 */
export function publishLocally(
  core: BrokerCore,
  topicName: string,
  payload: Uint8Array | string,
  { qos = 0, retain = false, properties = {} }: PublishOptions,
): number {
  checkName(core, topicName);
  if (isControl(topicName))
    throw new TypeError(
      `topic name ${topicName}: only clients publish to control topics; use publishTo to answer`,
    );
  const bytes = bytesOf(payload);
  const commit = core.publish({ topicName, payload: bytes, qos, retain, properties });
  if (commit === NOT_KEPT) {
    const { code, reasonString } = core.context.keeping.localRefusal!;
    throw notKept(code, reasonString);
  }
  if (commit === REJECTED) throw notKept('queue-full', 'the queue of a recipient is full');
  return commit;
}

/**
 * @returns as `Broker.publishTo`
 * @throws {TypeError | RangeError} for what cannot be published
 */
export function publishToClient(
  core: BrokerCore,
  clientId: string,
  topicName: string,
  payload: Uint8Array | string,
  { qos = 0, properties = {} }: PublishOptions,
): boolean {
  checkName(core, topicName);
  const message = { topicName, payload: bytesOf(payload), qos, retain: false, properties };
  return core.publishTo(clientId, message);
}

function checkName(core: BrokerCore, topicName: string): void {
  const { topicLevels, topicBytes } = core.context.profile.limits;
  const problem = checkTopicName(topicName, topicLevels, topicBytes);
  if (problem !== null)
    throw new TypeError(`topic name ${JSON.stringify(topicName)} ${TOPIC_PROBLEMS[problem]}`);
}

function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === 'string' ? encoder.encode(payload) : payload;
}
