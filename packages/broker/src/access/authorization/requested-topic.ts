/** What the topic of a question is about: a shared subscription's filter without its share, by its levels. */
import type { AuthorizationRequest } from '../../core/ports/authorizer.ts';
import type { Levels } from './topic-levels.ts';

/** `$share/group/a/#` is a subscription to `a/#`: rules are about what is received, not about who shares it. */
export function requestedTopic({ action, topic }: AuthorizationRequest): string {
  const hasFilter = action === 'subscribe' || action === 'unsubscribe';
  return hasFilter && topic.startsWith('$share/') ? topic.slice(afterShare(topic)) : topic;
}

export function requestedLevels(request: AuthorizationRequest): Levels {
  return requestedTopic(request).split('/');
}

/** Whether it is about `$CONTROL`, where the broker itself is told what to do. */
export function isControlTopic(topic: string): boolean {
  return topic === '$CONTROL' || topic.startsWith('$CONTROL/');
}

function afterShare(filter: string): number {
  const end = filter.indexOf('/', '$share/'.length);
  return end < 0 ? filter.length : end + 1;
}
