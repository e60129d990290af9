/**
 * Where messages go: to every session with a matching subscription once, to every matching shared group, to the
 * application. The way of each topic is kept with it as long as it holds.
 */
import type { CoreContext } from '../context.ts';
import { Durability } from '../ports/durability.ts';
import type { QueueKeeper } from '../session/queue-keeper.ts';
import type { SharedGroup } from '../session/shared-group.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { SubscriptionTree } from '../topics/subscription-tree.ts';
import type { Topic, TopicTable } from '../topics/topic-table.ts';
import type { LocalSubscription } from './local-subscription.ts';
import type { Outgoing } from './outgoing.ts';
import { canTakeNow } from './outgoing.ts';
import type { Publication } from './publication.ts';
import type { Route, Subscriber, Target } from './route.ts';
import { RouteTable } from './route-table.ts';

const NOBODY: readonly string[] = Object.freeze([]);
const NO_GROUPS: readonly SharedGroup[] = Object.freeze([]);
const NO_LOCALS: readonly LocalSubscription[] = Object.freeze([]);

export class Router {
  readonly #context: CoreContext;
  readonly #topics: TopicTable;
  readonly #tree: SubscriptionTree<Subscriber>;
  readonly #outgoing: Outgoing;
  readonly #queues: QueueKeeper;
  readonly #matched: Subscriber[];
  /** Of those that match, who may not receive: once each, however many of its subscriptions match. */
  readonly #denied: Set<string>;
  readonly #routes: RouteTable;

  constructor(
    context: CoreContext,
    topics: TopicTable,
    tree: SubscriptionTree<Subscriber>,
    outgoing: Outgoing,
    queues: QueueKeeper,
  ) {
    this.#context = context;
    this.#topics = topics;
    this.#tree = tree;
    this.#outgoing = outgoing;
    this.#queues = queues;
    this.#matched = [];
    this.#denied = new Set();
    this.#routes = new RouteTable();
  }

  /** Routes one message. True if anyone was subscribed. */
  route(publication: Publication): boolean {
    const route = this.routeOf(publication.topic);
    if (route.isEmpty) {
      const { publisherId, topic } = publication;
      this.#context.outcomes.dropped(
        DropReason.NoMatchingSubscribers,
        publisherId,
        topic,
        1,
        '',
        publication,
      );
    }
    const { denied } = route;
    for (let i = 0; i < denied.length; i++) {
      const { outcomes } = this.#context;
      outcomes.dropped(DropReason.NotAuthorizedToReceive, denied[i]!, publication.topic, 1, '', publication);
    }
    this.deliver(publication, route.targets, route.groups, route.locals);
    return !route.isEmpty;
  }

  /** Gives one message to parts of a route. */
  deliver(
    publication: Publication,
    targets: readonly Target[],
    groups: readonly SharedGroup[],
    locals: readonly LocalSubscription[],
  ): void {
    for (let i = 0; i < targets.length; i++) {
      const { separate } = targets[i]!;
      if (separate !== null) {
        this.deliver(publication, separate, NO_GROUPS, NO_LOCALS);
        continue;
      }
      const target = this.#targetFor(targets[i]!, publication);
      if (target !== null) this.#outgoing.deliver(publication, target); // [MQTT-4.5.0-1] [MQTT-4.5.0-1] 3.1.1
    }
    for (let i = 0; i < groups.length; i++) this.#outgoing.deliverShared(publication, groups[i]!);
    for (let i = 0; i < locals.length; i++) {
      this.#context.addLocal({ subscription: locals[i]!, message: publication.message(), retained: false });
    }
  }

  /** Whether routing it, or retaining it as it asks for, would stage anything in the store. */
  mustBeKept(publication: Publication): boolean {
    const { topic, qos, retain, publisher, durability } = publication;
    return durability !== Durability.Memory && (retain || this.routeOf(topic).keeps(qos, publisher));
  }

  /** Whether a message of this topic may have to be refused because a queue is full. */
  mayReject(topic: Topic): boolean {
    return this.#queues.policies.mayReject(topic);
  }

  /**
   * Whose full queue is a reason to refuse the message before anything is done with it, by the policy of its topic; null if
   * there is none. QoS 0 is never refused.
   */
  rejectedBy(publication: Publication): string | null {
    const { topic, qos } = publication;
    if (qos === 0 || !this.mayReject(topic)) return null;
    const policy = this.#queues.policies.of(topic)!;
    const { targets, groups } = this.routeOf(topic);
    const bytes = publication.keptBytes;
    for (const each of targets) {
      const target = this.#targetFor(each, publication);
      if (target === null || target.qos === 0) continue;
      const { session } = target;
      if (canTakeNow(session, Math.min(qos, target.qos))) continue;
      const queue = session.queueUnopened ? this.#queues.queueOf(session) : session.queue;
      if (this.#queues.isFull(queue, bytes, session.inFlightBytes, policy, session.kept))
        return session.clientId;
    }
    for (const group of groups) {
      if (group.members.some(({ session, qos: granted }) => canTakeNow(session, Math.min(qos, granted))))
        continue;
      if (this.#queues.isFull(group.queue, bytes, 0, policy, group.kept)) return group.name;
    }
    return null;
  }

  hasSubscribers(topic: Topic): boolean {
    return !this.routeOf(topic).isEmpty;
  }

  #targetFor(target: Target, publication: Publication): Target | null {
    if (!target.anyNoLocal || target.session !== publication.publisher) return target;
    return target.withoutLocal(); // [MQTT-3.8.3-3]
  }

  /** Where messages for this topic go now. */
  routeOf(topic: Topic): Route {
    const { route } = topic;
    if (route !== null && this.#tree.isCurrent(topic)) return route as Route;
    const matched = this.#matched;
    this.#tree.match(topic.name, matched); // [MQTT-3.3.2-3] [MQTT-3.3.2-3] 3.1.1
    if (this.#context.receiveRights.asked) this.#takeOutDenied(topic);
    const denied = this.#denied.size === 0 ? NOBODY : [...this.#denied];
    this.#denied.clear();
    this.#routes.separates = this.#context.profile.deliverOverlapping;
    const found = this.#routes.routeTo(matched, denied);
    matched.length = 0;
    topic.route = found;
    this.#topics.charge(topic, this.#routes.madeBytes);
    this.#tree.markCurrent(topic);
    return found;
  }

  /** Leaves in what matched only who may receive this topic: sessions, and groups with a member that may. */
  #takeOutDenied(topic: Topic): void {
    const { receiveRights } = this.#context;
    const matched = this.#matched;
    let kept = 0;
    for (const subscriber of matched) {
      const session = subscriber.kind === 'session' ? subscriber.session : null;
      const may =
        session !== null
          ? receiveRights.mayReceive(session, topic)
          : subscriber.kind !== 'share' ||
            subscriber.members.some((member) => receiveRights.mayReceive(member.session, topic));
      if (may) matched[kept++] = subscriber;
      else this.#denied.add(session?.clientId ?? (subscriber as SharedGroup).name);
    }
    matched.length = kept;
  }
}
