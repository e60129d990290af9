/**
 * Where messages of a topic go: who is subscribed, with which subscriptions, at which QoS, and what is in the way of each. It
 * looks at the subscriptions themselves, not at the routes that are kept, and changes nothing.
 */
import type { ConnectionOutput } from '../connection/connection-output.ts';
import type { CoreContext } from '../context.ts';
import type { Authorizer } from '../ports/authorizer.ts';
import type { QoS } from '../publish/message.ts';
import { canTakeNow } from '../publish/outgoing.ts';
import type { Subscriber } from '../publish/route.ts';
import type { QueueKeeper } from '../session/queue-keeper.ts';
import type { Session, Subscription } from '../session/session.ts';
import type { SharedGroup } from '../session/shared-group.ts';
import { DROP_REASONS } from '../telling/drop-reason.ts';
import type { SubscriptionTree } from '../topics/subscription-tree.ts';
import type { Topic } from '../topics/topic.ts';
import { decideReceive } from './asking.ts';
import { explainQueue, queueOf } from './explained-session.ts';
import type { ExplainedRecipient, ExplainedSubscription, Obstacle } from './explanation.ts';

/** Recipients that are looked at one by one. */
const MOST_RECIPIENTS = 100;

export interface RouteQuestion {
  readonly topic: Topic;
  readonly qos: QoS;
  /** Whose message it is; undefined for nobody's. */
  readonly publisher: Session | undefined;
  readonly authorizer: Authorizer | null;
}

export interface ExplainedRoute {
  /** The first of them. */
  readonly recipients: readonly ExplainedRecipient[];
  readonly count: number;
  /** Subscriptions of the application. */
  readonly locals: number;
}

export class RouteExplaining {
  readonly #context: CoreContext;
  readonly #tree: SubscriptionTree<Subscriber>;
  readonly #queues: QueueKeeper;

  constructor(context: CoreContext, tree: SubscriptionTree<Subscriber>, queues: QueueKeeper) {
    this.#context = context;
    this.#tree = tree;
    this.#queues = queues;
  }

  explain(question: RouteQuestion): ExplainedRoute {
    const matched: Subscriber[] = [];
    this.#tree.match(question.topic.name, matched);
    const bySession = new Map<Session, Subscription[]>();
    const groups: SharedGroup[] = [];
    let locals = 0;
    for (const subscriber of matched) {
      if (subscriber.kind === 'share') groups.push(subscriber);
      else if (subscriber.kind === 'local') locals += subscriber.observes ? 0 : 1;
      else bySession.set(subscriber.session, [...(bySession.get(subscriber.session) ?? []), subscriber]);
    }
    const recipients: ExplainedRecipient[] = [];
    for (const [session, subscriptions] of bySession) {
      if (recipients.length === MOST_RECIPIENTS) break;
      recipients.push(this.#ofSession(question, session, subscriptions));
    }
    for (const group of groups) {
      if (recipients.length === MOST_RECIPIENTS) break;
      recipients.push(this.#ofGroup(question, group));
    }
    return { recipients, count: bySession.size + groups.length, locals };
  }

  /** What one client gets by these subscriptions, of which there is at least one. */
  #ofSession(question: RouteQuestion, session: Session, all: readonly Subscription[]): ExplainedRecipient {
    const own = session === question.publisher;
    const subscriptions = all.filter(({ noLocal }) => !(own && noLocal));
    const granted = Math.max(0, ...subscriptions.map(({ qos }) => qos));
    const qos = Math.min(question.qos, granted) as QoS;
    return {
      recipient: session.clientId,
      connected: session.output !== null,
      subscriptions: all.map((subscription) => describeSubscription(subscription, false)),
      qos,
      obstacle:
        subscriptions.length === 0 ? NO_LOCAL : this.obstacleFor(question, session, qos, session.clientId),
    };
  }

  #ofGroup(question: RouteQuestion, group: SharedGroup): ExplainedRecipient {
    const granted = Math.max(0, ...group.members.map(({ qos }) => qos));
    const qos = Math.min(question.qos, granted) as QoS;
    return {
      recipient: group.name,
      connected: !group.offline,
      subscriptions: group.members.slice(0, 1).map((member) => describeSubscription(member, true)),
      qos,
      obstacle: this.#groupObstacle(question, group, qos),
    };
  }

  #groupObstacle(question: RouteQuestion, group: SharedGroup, qos: QoS): Obstacle | null {
    if (group.members.some(({ session }) => canTakeNow(session, qos))) return null;
    const subject = `the shared subscription ${group.name}, none of whose ${group.members.length} members can take it now`;
    if (qos === 0 && !this.#context.profile.queueQos0) {
      return obstacle(
        group.offline ? 'offline-qos0' : 'outbox-full',
        `QoS 0 messages are dropped for ${subject}`,
        true,
      );
    }
    const policy = this.#queues.policies.of(question.topic);
    const { full, waitingMessages } = explainQueue(
      this.#context,
      this.#queues,
      group.queue,
      0,
      policy,
      group.kept,
    );
    return full
      ? obstacle('group-full', `the queue is full of ${subject}`, true)
      : obstacle('waits', `it waits with ${subject}: ${waitingMessages} wait already`, false);
  }

  /**
   * What is in the way of a message of this QoS to a client that is subscribed.
   * @param name of the client, for the text
   */
  obstacleFor(question: RouteQuestion, session: Session, qos: QoS, name: string): Obstacle | null {
    const { topic, authorizer } = question;
    const subject = `client ${JSON.stringify(name)}`;
    const { output, holder } = session;
    if (holder !== null) {
      const { allowed, reason, rule } = decideReceive(authorizer, holder.client, topic.name);
      if (!allowed) {
        const text = `${subject} may not receive messages of ${topic.name}: ${reason}`;
        return { ...obstacle('not-authorized', text, true), rule };
      }
    }
    const mount = output?.mount ?? null;
    if (mount !== null && !mount.covers(topic)) {
      const text = `${subject} lives below the mount point ${mount.prefix} of its listener, and sees nothing else`;
      return obstacle('not-subscribed', text, true);
    }
    if (canTakeNow(session, qos)) return qos === 0 ? slowness(subject, output) : null;
    const heldBack = output?.outbox.heldBack === true;
    if (qos === 0 && !this.#context.profile.queueQos0) {
      if (output === null)
        return obstacle('offline-qos0', `${subject} is not connected, and QoS 0 messages do not wait`, true);
      return heldBack
        ? obstacle('outgoing-rate', `${subject} is sent more than its rate allows: QoS 0 is dropped`, true)
        : obstacle('outbox-full', `${subject} reads too slowly: QoS 0 is dropped`, true);
    }
    const policy = this.#queues.policies.of(topic);
    const queue = explainQueue(
      this.#context,
      this.#queues,
      queueOf(this.#queues, session),
      session.inFlightBytes,
      policy,
      session.kept,
    );
    if (queue.full) return fullQueue(subject, queue.waitingMessages, queue.whenFull);
    if (output === null) return obstacle('waits', `it waits until ${subject} connects`, false);
    if (heldBack) return obstacle('waits', `it waits: ${subject} is sent more than its rate allows`, false);
    const text = `it waits: ${subject} has not acknowledged, or not read, what it was sent before`;
    return obstacle('waits', text, false);
  }
}

/** It has room, and perhaps not for the next message. */
function slowness(subject: string, output: ConnectionOutput | null): Obstacle | null {
  if (output === null || !output.outbox.blocked) return null;
  const text = `${subject} has not read ${output.outbox.pendingBytes} bytes: a QoS 0 message that finds no room is dropped`;
  return obstacle('outbox-full', text, false);
}

const NO_LOCAL: Readonly<Obstacle> = Object.freeze({
  code: 'no-local',
  text: 'it published the message itself, and its subscription has No Local',
  remedy: 'Subscribe without No Local, or with another client.',
  stops: true,
  rule: null,
});

function obstacle(code: string, text: string, stops: boolean): Obstacle {
  return { code, text, remedy: remedyOf(code), stops, rule: null };
}

/** Of the drop reason with this code; empty if there is none. */
export function remedyOf(code: string): string {
  return DROP_REASONS.find((row) => row.code === code)?.remedy ?? '';
}

function fullQueue(subject: string, waiting: number, whenFull: string): Obstacle {
  const text = `the queue of ${subject} is full (${waiting} messages wait)`;
  switch (whenFull) {
    case 'reject':
      return obstacle('queue-full-rejected', `${text}, and publishers are refused`, true);
    case 'drop-newest':
      return obstacle('queue-full-dropped-newest', `${text}, and the newest is dropped`, true);
    default:
      return obstacle('queue-full-dropped-oldest', `${text}, and the oldest is dropped for it`, false);
  }
}

export function describeSubscription(
  { topicFilter, qos, noLocal }: Pick<Subscription, 'topicFilter' | 'qos' | 'noLocal'>,
  shared: boolean,
): ExplainedSubscription {
  return { topicFilter, qos, noLocal, shared };
}
