/** What the application subscribes to in its own process: checked, and handed to the core. */
import { checkTopicFilter, checkTopicName, isSharedFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { BrokerCore } from '../core/broker-core.ts';
import type { ClientIdentity } from '../core/ports/authorizer.ts';
import type { Message } from '../core/publish/message.ts';
import { isControl } from '../core/topics/brokers-topics.ts';
import type { BrokerSubscription } from './broker-options.ts';
import type { ReceivedMessage } from './received-message.ts';
import { receivedMessage } from './received-message.ts';

/** @throws {TypeError} for an invalid topic filter, or a shared one */
export function checkOwnFilter(core: BrokerCore, topicFilter: string): void {
  const { topicLevels, topicBytes } = core.context.profile.limits;
  const problem = checkTopicFilter(topicFilter, topicLevels, topicBytes);
  if (problem !== null)
    throw new TypeError(`topic filter ${JSON.stringify(topicFilter)} ${TOPIC_PROBLEMS[problem]}`);
  if (isSharedFilter(topicFilter)) throw new TypeError('an application cannot join a shared subscription');
}

/** @throws {TypeError} for an invalid topic filter, or a shared one */
export function subscribeLocally(
  core: BrokerCore,
  topicFilter: string,
  handler: (message: ReceivedMessage) => void,
  observes: boolean,
): BrokerSubscription {
  checkOwnFilter(core, topicFilter);
  let active = true;
  const give = (message: Message, retained: boolean): void => {
    if (active) handler(receivedMessage(message, retained));
  };
  const local = core.subscribe(topicFilter, give, observes);
  return {
    topicFilter,
    unsubscribe: () => {
      if (!active) return;
      active = false;
      core.unsubscribe(local);
    },
  };
}

/** @throws {TypeError} for what is no control topic, or has a handler */
export function handleControl(
  core: BrokerCore,
  topicName: string,
  handler: (message: ReceivedMessage, client: ClientIdentity) => void,
): () => void {
  if (!isControl(topicName) || checkTopicName(topicName) !== null) {
    throw new TypeError(`expected a topic name that begins with $CONTROL/, got ${JSON.stringify(topicName)}`);
  }
  return core.controls.on(topicName, (message, client) => handler(receivedMessage(message, false), client));
}
