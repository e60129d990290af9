import { expect, it } from 'vitest';
import { Target } from '../../src/core/publish/route.ts';
import { Session, Subscription } from '../../src/core/session/session.ts';

function subscription(session: Session, subscriptionIdentifier: number): Subscription {
  const topicFilter = `filter/${subscriptionIdentifier}`;
  return new Subscription(session, topicFilter, {
    topicFilter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier,
  });
}

it('identifiers of overlapping subscriptions are gathered in place, in their order, those without left out', () => {
  const session = new Session('c', 0, () => {});
  const target = new Target(subscription(session, 0));
  expect(target.identifiers).toEqual([]);
  target.merge(subscription(session, 7));
  const gathered = target.identifiers;
  for (const identifier of [0, 9, 0, 8]) target.merge(subscription(session, identifier));
  expect(gathered).toEqual([7, 9, 8]);
  expect(new Target(subscription(session, 0)).identifiers).toEqual([]);
});
