/**
 * Where messages go: to every session with a matching subscription once, to every matching shared group, to the
 * application. The way of each topic is kept with it as long as it holds.
 */
import type { CoreContext } from './context.ts';
import { DropReason } from './drop-reason.ts';
import type { Outgoing } from './outgoing.ts';
import type { Publication } from './publication.ts';
import type { PublishRun } from './publish-run.ts';
import { WireForm } from './publish-writer.ts';
import type { Route, Subscriber, Target } from './route.ts';
import { RouteTable } from './route-table.ts';
import type { SubscriptionTree } from './topics/subscription-tree.ts';
import type { Topic } from './topics/topic-table.ts';

export class Router {
  readonly #context: CoreContext;
  readonly #tree: SubscriptionTree<Subscriber>;
  readonly #outgoing: Outgoing;
  readonly #publication: Publication;
  readonly #matched: Subscriber[];
  readonly #routes: RouteTable;

  /** @param publication for the single messages of a run; nobody else's */
  constructor(
    context: CoreContext,
    tree: SubscriptionTree<Subscriber>,
    outgoing: Outgoing,
    publication: Publication,
  ) {
    this.#context = context;
    this.#tree = tree;
    this.#outgoing = outgoing;
    this.#publication = publication;
    this.#matched = [];
    this.#routes = new RouteTable(context.profile.limits.internedTopics);
  }

  /** Routes one message. True if anyone was subscribed. */
  route(publication: Publication): boolean {
    const route = this.routeOf(publication.topic);
    if (route.isEmpty) {
      this.#dropUnwanted(publication.publisherId, publication.topic, 1);
      return false;
    }
    const { targets, groups, locals } = route;
    for (let i = 0; i < targets.length; i++) {
      const target = this.#targetFor(targets[i]!, publication);
      if (target !== null) this.#outgoing.deliver(publication, target);
    }
    for (let i = 0; i < groups.length; i++) this.#outgoing.deliverShared(publication, groups[i]!);
    for (let i = 0; i < locals.length; i++) {
      const local = { subscription: locals[i]!, message: publication.message(), retained: false };
      if (!this.#context.addLocal(local)) {
        this.#context.outcomes.dropped(DropReason.QueueFullDroppedNewest, '', publication.topic, 1);
      }
    }
    return true;
  }

  hasSubscribers(topic: Topic): boolean {
    return !this.routeOf(topic).isEmpty;
  }

  /** Routes a run of QoS 0 messages and empties it. */
  routeRun(run: PublishRun): void {
    const route = run.route!;
    const count = run.count;
    const { metrics } = this.#context;
    metrics.publishMessagesReceived += count;
    metrics.publishBytesReceived += run.payloadBytes;
    const { targets } = route;
    for (let i = 0; i < targets.length; i++) this.#runToTarget(run, targets[i]!);
    if (route.groups.length + route.locals.length > 0) this.#runOneByOne(run, route);
    if (route.isEmpty) this.#dropRun(run, DropReason.NoMatchingSubscribers, run.publisherId);
    run.count = 0;
  }

  #runToTarget(run: PublishRun, target: Target): void {
    const output = target.session.output;
    if (output === null && !this.#context.profile.queueQos0) {
      this.#dropRun(run, DropReason.OfflineQos0, target.session.clientId);
      return;
    }
    const own = target.anyNoLocal && target.session === run.publisher;
    const plain =
      output !== null &&
      output.aliases === null &&
      !own &&
      (target.identifiers.length === 0 || output.form === WireForm.V3) &&
      run.maximumLengthIn(output.form) <= output.maximumPacketSize;
    if (!plain) {
      const rest = own ? target.withoutLocal() : target;
      if (rest !== null) {
        for (let i = 0; i < run.count; i++) {
          this.#select(run, i);
          this.#outgoing.deliverQos0(this.#publication, rest.session, false, rest.identifiers);
        }
      }
      return;
    }
    const outbox = output.outbox;
    const bytes = output.form === run.form ? run.bytes : run.converted();
    const start = output.form === run.form ? run.start : 0;
    const end = output.form === run.form ? run.end : bytes.length;
    if (!outbox.accepts(end - start)) {
      this.#dropRun(run, DropReason.OutboxFull, output.clientId);
      return;
    }
    outbox.append(bytes, start, end);
    outbox.countQos0(run.count);
    const { metrics } = this.#context;
    metrics.messagesSent += run.count;
    metrics.publishMessagesSent += run.count;
    metrics.publishBytesSent += run.payloadBytes;
    if (outbox.overfull) outbox.flush();
  }

  #runOneByOne(run: PublishRun, route: Route): void {
    const publication = this.#publication;
    for (let i = 0; i < run.count; i++) {
      this.#select(run, i);
      for (const group of route.groups) this.#outgoing.deliverShared(publication, group);
      for (const subscription of route.locals) {
        if (!this.#context.addLocal({ subscription, message: publication.message(), retained: false })) {
          this.#context.outcomes.dropped(DropReason.QueueFullDroppedNewest, '', publication.topic, 1);
        }
      }
    }
  }

  /** Makes one packet of a run the current publication. */
  #select(run: PublishRun, packet: number): void {
    const end = run.endOf(packet);
    const publication = this.#publication;
    publication.begin(run.topics[packet]!, 0, false, run.publisher, run.publisherId, this.#context.nowMs);
    publication.setPayload(run.bytes, run.payloads[packet]!, end, false);
    publication.setRaw(run.form, run.starts[packet]!, end, 0);
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
    this.#tree.match(topic.name, matched);
    const found = this.#routes.routeTo(matched);
    matched.length = 0;
    topic.route = found;
    this.#tree.markCurrent(topic);
    return found;
  }

  /** Every message of a run ends the same way for one recipient. */
  #dropRun(run: PublishRun, reason: DropReason, clientId: string): void {
    let first = 0;
    for (let i = 1; i <= run.count; i++) {
      if (i < run.count && run.topics[i] === run.topics[first]) continue;
      this.#context.outcomes.dropped(reason, clientId, run.topics[first]!, i - first);
      first = i;
    }
  }

  #dropUnwanted(publisherId: string, topic: Topic, count: number): void {
    this.#context.outcomes.dropped(DropReason.NoMatchingSubscribers, publisherId, topic, count);
  }
}
