/**
 * Answers why: what would become of a message now, and what has become of such messages lately. It asks and looks, and does
 * nothing; an authoriser that answers later is waited for.
 */
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import { grantsOf } from '../options/listener-policy.ts';
import type { Authorizer, ClientIdentity } from '../ports/authorizer.ts';
import type { QoS } from '../publish/message.ts';
import type { Publication } from '../publish/publication.ts';
import type { Subscriber } from '../publish/route.ts';
import type { Router } from '../publish/router.ts';
import type { Retaining } from '../retained/retaining.ts';
import type { QueueKeeper } from '../session/queue-keeper.ts';
import type { Session } from '../session/session.ts';
import type { Sessions } from '../session/sessions.ts';
import { isControl } from '../topics/brokers-topics.ts';
import type { SubscriptionTree } from '../topics/subscription-tree.ts';
import type { Topic, TopicTable } from '../topics/topic-table.ts';
import { decide, decideReceive } from './asking.ts';
import { checkQuery } from './check-query.ts';
import { conclude } from './conclusion.ts';
import type { ExplainedRoute } from './explained-route.ts';
import { describeSubscription, RouteExplaining, remedyOf } from './explained-route.ts';
import { explainSession } from './explained-session.ts';
import type {
  ExplainedDecision,
  ExplainedIdentity,
  ExplainedRetained,
  ExplainedSubscription,
  Explanation,
  ExplanationQuery,
  Obstacle,
} from './explanation.ts';
import { identify } from './identity.ts';
import { filterMatches, latestDrops, latestRefusals } from './lately.ts';

export interface ExplainingParts {
  readonly context: CoreContext;
  readonly sessions: Sessions;
  readonly topics: TopicTable;
  readonly tree: SubscriptionTree<Subscriber>;
  readonly router: Router;
  readonly queues: QueueKeeper;
  readonly retaining: Retaining;
  readonly deciders: { readonly authorizer: Authorizer | null };
  /** Used for nothing else. */
  readonly publication: Publication;
}

/** What is known before the authoriser has answered. */
interface Question {
  readonly query: ExplanationQuery;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly topicName: string;
  readonly session: Session | undefined;
  readonly client: ClientIdentity;
  readonly identity: ExplainedIdentity;
  readonly authorizer: Authorizer | null;
}

const CONTROL = 'what is published there goes to the broker itself, and to no subscriber';
const NO_ROUTE: Readonly<ExplainedRoute> = Object.freeze({ recipients: [], count: 0, locals: 0 });

export class Explaining {
  readonly #parts: ExplainingParts;
  readonly #routes: RouteExplaining;

  constructor(parts: ExplainingParts) {
    this.#parts = parts;
    this.#routes = new RouteExplaining(parts.context, parts.tree, parts.queues);
  }

  /**
   * @param dryRun who decides instead of the authoriser that there is; null for nobody, undefined for that one
   * @param done called once, at once or when the authoriser has answered
   * @throws {TypeError} for a question that is none
   */
  explain(
    query: ExplanationQuery,
    dryRun: Authorizer | null | undefined,
    done: (explanation: Explanation) => void,
  ): void {
    checkQuery(query);
    const { context, sessions, deciders } = this.#parts;
    context.sampleClock();
    const authorizer = dryRun === undefined ? deciders.authorizer : dryRun;
    const { clientId, action, qos = 0, retain = false } = query;
    const session = sessions.get(clientId);
    const { client, identity } = identify(context, query, session);
    const mountPoint = session?.output?.mount?.prefix ?? client.origin.policy?.mountPoint ?? '';
    const topicName = mountPoint + query.topicName;
    const question = { query, qos, retain, topicName, session, client, identity, authorizer };
    if (action === 'publish') {
      const request = { client, action, topic: topicName, qos, retain } as const;
      decide(authorizer, request, (decision) => done(this.#answer(question, decision)));
      return;
    }
    // Whether it may subscribe is asked of the subscription that it has, or of one to exactly this topic.
    const [matching] = this.#subscriptionsOf(question);
    const topic = matching?.topicFilter ?? topicName;
    const request = { client, action: 'subscribe', topic, qos: matching?.qos ?? qos, retain: false } as const;
    decide(authorizer, request, (decision) => done(this.#answer(question, decision)));
  }

  #answer(question: Question, decision: ExplainedDecision): Explanation {
    const { context, topics, queues } = this.#parts;
    const { query, topicName, session, qos, retain, identity } = question;
    const { topicLevels, topicBytes } = context.profile.limits;
    const problem = checkTopicName(topicName, topicLevels, topicBytes);
    const topic = problem === null ? topics.internName(topicName) : null;
    const obstacles: Obstacle[] = [];
    let route: ExplainedRoute = NO_ROUTE;
    let subscriptions: readonly ExplainedSubscription[] = [];
    let told = decision;
    if (topic === null) {
      const text = `${JSON.stringify(topicName)} is no topic name: ${TOPIC_PROBLEMS[problem ?? 'tooManyLevels']}`;
      obstacles.push(stopping('topic-invalid', text, 'Correct the topic name.'));
    } else if (query.action === 'publish') {
      route = this.#ofPublish(question, decision, topic, obstacles);
    } else {
      subscriptions = this.#ofReceive(question, decision, topic, obstacles);
      told = this.#receiving(question, decision, subscriptions.length > 0, obstacles);
    }
    const drops = latestDrops(context, query.clientId, topicName);
    const refusals = latestRefusals(context, query.clientId, topicName);
    const arrives = !obstacles.some(({ stops }) => stops);
    const policy = topic === null ? null : queues.policies.of(topic);
    const explanation = {
      clientId: query.clientId,
      action: query.action,
      topicName,
      qos,
      retain,
      atWallMs: context.wallMs,
      arrives,
      obstacles,
      session: session === undefined ? null : explainSession(context, queues, session, policy),
      identity,
      decision: told,
      subscriptions,
      recipients: route.recipients,
      recipientCount: route.count,
      retained: topic === null ? null : this.#retainedOn(topicName),
      drops,
      refusals,
    };
    return { ...explanation, conclusion: conclude(explanation, route.locals) };
  }

  /** What is in the way of publishing, and who gets it. */
  #ofPublish(
    question: Question,
    decision: ExplainedDecision,
    topic: Topic,
    obstacles: Obstacle[],
  ): ExplainedRoute {
    const { context, router, publication, retaining } = this.#parts;
    const { query, session, client, qos, retain, authorizer, topicName } = question;
    this.#noteRights(decision, `publish to ${topicName}`, obstacles);
    if (session?.output == null) {
      obstacles.push({ ...stopping('not-connected', 'it is not connected now', ''), stops: false });
    }
    const granted = grantsOf(client.origin.policy, context.profile.limits);
    if (qos > granted.maximumQos) {
      const text = `its listener allows QoS ${granted.maximumQos} at most: the connection ends`;
      obstacles.push(
        stopping('qos-not-supported', text, 'Publish with a lower QoS, or through another listener.'),
      );
    }
    if (retain && !granted.retainAvailable) {
      const text = 'its listener allows no retained messages: the connection ends';
      obstacles.push(
        stopping('retain-not-supported', text, 'Publish without RETAIN, or through another listener.'),
      );
    }
    this.#noteRates(query.clientId, obstacles);
    publication.begin(topic, qos, retain, session ?? null, query.clientId, context.nowMs);
    publication.setPayload(new Uint8Array(0), 0, 0, true);
    const { messageRefusal } = context.keeping;
    if (qos > 0 && messageRefusal !== null && router.mustBeKept(publication)) {
      obstacles.push(drop('not-kept', messageRefusal.reasonString));
    }
    const rejecting = router.rejectedBy(publication);
    if (rejecting !== null) {
      const text = `the queue of ${JSON.stringify(rejecting)} is full, and the policy of this topic is to reject`;
      obstacles.push(drop('queue-full-rejected', text));
    }
    const full = retain ? retaining.fullnessOf(topicName) : null;
    if (full !== null)
      obstacles.push({ ...drop('retained-limit', `it is not retained: ${full}`), stops: false });
    if (isControl(topicName)) {
      obstacles.push({ ...stopping('control', CONTROL, ''), stops: false });
      return NO_ROUTE;
    }
    const route = this.#routes.explain({ topic, qos, publisher: session, authorizer });
    if (route.count + route.locals === 0) {
      obstacles.push(drop('no-matching-subscribers', `nobody is subscribed to ${topicName}`));
    } else if (route.locals === 0 && route.recipients.every(({ obstacle }) => obstacle?.stops === true)) {
      obstacles.push(route.recipients[0]!.obstacle!);
    }
    return route;
  }

  /** What is in the way of receiving, and by which subscriptions it is received. */
  #ofReceive(
    question: Question,
    decision: ExplainedDecision,
    topic: Topic,
    obstacles: Obstacle[],
  ): readonly ExplainedSubscription[] {
    const { query, session, authorizer, topicName } = question;
    const name = `client ${JSON.stringify(query.clientId)}`;
    if (isControl(topicName)) {
      obstacles.push(stopping('control', CONTROL, 'Look at the answers of the broker instead.'));
      return [];
    }
    if (session === undefined) {
      const text = `${name} has no session: it is not connected, and left none`;
      const remedy =
        'Connect it; to get what is published meanwhile, with a Session Expiry Interval above 0.';
      obstacles.push(stopping('unknown-client', text, remedy));
      this.#noteRights(decision, `subscribe to ${topicName}`, obstacles);
      return [];
    }
    const subscriptions = this.#subscriptionsOf(question);
    if (subscriptions.length === 0) {
      this.#noteRights(decision, `subscribe to ${topicName}`, obstacles);
      const text = `${name} has no subscription that matches ${topicName}${likely(session, topicName)}`;
      obstacles.push(
        stopping('not-subscribed', text, 'Subscribe; topic names and filters are case-sensitive.'),
      );
      return [];
    }
    if (!decision.allowed) {
      const text = `its subscription ${subscriptions[0]!.topicFilter} would not be granted again: ${decision.reason}`;
      const again = { code: 'not-authorized', text, remedy: '', stops: false, rule: decision.rule };
      obstacles.push(again);
    }
    const granted = Math.max(...subscriptions.map(({ qos }) => qos)) as QoS;
    const qos = Math.min(question.qos, granted) as QoS;
    const asked = { topic, qos: question.qos, publisher: undefined, authorizer };
    const inTheWay = this.#routes.obstacleFor(asked, session, qos, query.clientId);
    const others = subscriptions.filter(({ shared }) => !shared);
    if (inTheWay !== null && others.length > 0) obstacles.push(inTheWay);
    if (others.length === 0) obstacles.push(oneOfMany(subscriptions[0]!));
    return subscriptions;
  }

  /**
   * The right that counts: to receive, where the authoriser has an opinion about that and the client is subscribed, or would be in
   * vain; else to subscribe. Of a client of whom nothing is known, a denial is told and taken for no obstacle.
   */
  #receiving(
    { client, identity, authorizer, topicName }: Question,
    toSubscribe: ExplainedDecision,
    isSubscribed: boolean,
    obstacles: Obstacle[],
  ): ExplainedDecision {
    if (authorizer?.asks?.receive !== true || isControl(topicName)) return toSubscribe;
    const toReceive = decideReceive(authorizer, client, topicName);
    if (toReceive.allowed) return isSubscribed ? toReceive : toSubscribe;
    const isNoted = obstacles.some(({ code, stops }) => code === 'not-authorized' && stops);
    if (!isNoted && identity.source !== 'unknown')
      this.#noteRights(toReceive, `receive messages of ${topicName}`, obstacles);
    return toReceive;
  }

  /** Of this client, those that match. */
  #subscriptionsOf({ session, topicName }: Question): readonly ExplainedSubscription[] {
    return (session?.subscriptions ?? [])
      .filter(({ topicFilter }) => filterMatches(topicFilter, topicName))
      .map((subscription) =>
        describeSubscription(subscription, subscription.topicFilter.startsWith('$share/')),
      );
  }

  #noteRights(decision: ExplainedDecision, what: string, obstacles: Obstacle[]): void {
    if (decision.allowed) return;
    obstacles.push({
      ...drop('not-authorized', `it may not ${what}: ${decision.reason}`),
      rule: decision.rule,
    });
  }

  #noteRates(clientId: string, obstacles: Obstacle[]): void {
    const { rates, nowMs } = this.#parts.context;
    for (const allowance of rates.meterOf(clientId)?.allowances ?? []) {
      const waitMs = allowance.incomingWaitMs(nowMs);
      if (waitMs === 0) continue;
      const { whenExceeded } = allowance.rates;
      const text = `${allowance.name} has used up its rate for ${(waitMs / 1000).toFixed(1)} s`;
      if (whenExceeded === 'wait') {
        obstacles.push({ ...drop('waits', `${text}: its connection is not read until then`), stops: false });
      } else {
        obstacles.push(
          drop(
            'incoming-rate',
            `${text}: the message is ${whenExceeded === 'drop' ? 'dropped' : 'a reason to disconnect it'}`,
          ),
        );
      }
    }
  }

  #retainedOn(topicName: string): ExplainedRetained | null {
    const { context, retaining } = this.#parts;
    const message = retaining.messages.get(topicName);
    if (message === null || message.expiresAtMs <= context.nowMs) return null;
    const never = message.expiresAtMs === Number.POSITIVE_INFINITY;
    return {
      qos: message.qos,
      bytes: message.payload.length,
      expiresAtWallMs: never ? null : context.toWallMs(message.expiresAtMs),
    };
  }
}

/** A subscription that would match if case or slashes were others: what is most often wrong. */
function likely(session: Session, topicName: string): string {
  const loose = (name: string): string => name.toLowerCase().replace(/^\/+|\/+$/g, '');
  const nearest = session.subscriptions.find(({ topicFilter }) =>
    filterMatches(loose(topicFilter), loose(topicName)),
  );
  if (nearest !== undefined) return `; ${nearest.topicFilter} differs in case or slashes only`;
  if (session.subscriptionCount === 0) return '; it has no subscriptions at all';
  return topicName.startsWith('$') ? '; # and + do not match topic names that begin with $' : '';
}

/** It is subscribed through shared subscriptions only. */
function oneOfMany({ topicFilter }: ExplainedSubscription): Obstacle {
  const text = `each message goes to one member of ${topicFilter} only, which may be another client`;
  return { ...stopping('shared', text, 'Subscribe without $share/ to get every message.'), stops: false };
}

function stopping(code: string, text: string, remedy: string): Obstacle {
  return { code, text, remedy, stops: true, rule: null };
}

/** With the remedy that the drop reason's row has. */
function drop(code: string, text: string): Obstacle {
  return stopping(code, text, remedyOf(code));
}
