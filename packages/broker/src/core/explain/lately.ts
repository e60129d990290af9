/** What was dropped and refused lately that has to do with a client and a topic: latest first, and not more than a few. */
import { checkTopicFilter, matches, parseSharedFilter } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import { DROP_REASONS } from '../telling/drop-reason.ts';
import type { NotedRefusal } from '../telling/refusals.ts';
import type { ExplainedDrop } from './explanation.ts';

const MOST = 50;

/** Of the topic, for whomever; and of the client, where the topics are not known. */
export function latestDrops(context: CoreContext, clientId: string, topicName: string): ExplainedDrop[] {
  return context.outcomes
    .latest()
    .filter((drop) => drop.topicName === topicName || (drop.topicName === '' && drop.clientId === clientId))
    .slice(-MOST)
    .reverse()
    .map(({ reason, firstAtMs, lastAtMs, ...drop }) => {
      const { code, text, remedy } = DROP_REASONS[reason]!;
      return {
        ...drop,
        reason: code,
        firstAtWallMs: context.toWallMs(firstAtMs),
        lastAtWallMs: context.toWallMs(lastAtMs),
        text,
        remedy,
      };
    });
}

/** Of the client, what concerns the topic or its connection; and messages of the topic that others published. */
export function latestRefusals(context: CoreContext, clientId: string, topicName: string): NotedRefusal[] {
  return context.refusals
    .latest()
    .filter(({ action, clientId: whose, topic }) => {
      if (action === 'publish') return topic === topicName;
      if (whose !== clientId) return false;
      return topic === '' || filterMatches(topic, topicName);
    })
    .slice(-MOST)
    .reverse();
}

/** @param topicFilter as it came: perhaps shared, perhaps none at all */
export function filterMatches(topicFilter: string, topicName: string): boolean {
  if (!topicFilter.startsWith('$share/')) {
    return checkTopicFilter(topicFilter) === null && matches(topicFilter, topicName);
  }
  const shared = parseSharedFilter(topicFilter);
  return typeof shared !== 'string' && matches(shared.topicFilter, topicName);
}
