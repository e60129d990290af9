/** All shared groups of a broker, by share name and topic filter. A group exists while it has members. */
import type { CoreContext } from '../context.ts';
import type { ShareOwner } from '../ports/store.ts';
import type { Delivery } from '../publish/delivery.ts';
import type { Subscriber } from '../publish/route.ts';
import type { SubscriptionTree } from '../topics/subscription-tree.ts';
import type { QueueKeeper } from './queue-keeper.ts';
import type { Session, Subscription } from './session.ts';
import { SharedGroup } from './shared-group.ts';

export class SharedGroups {
  readonly #context: CoreContext;
  readonly #queues: QueueKeeper;
  readonly #tree: SubscriptionTree<Subscriber>;
  readonly #groups: Map<string, SharedGroup>;

  constructor(context: CoreContext, queues: QueueKeeper, tree: SubscriptionTree<Subscriber>) {
    this.#context = context;
    this.#queues = queues;
    this.#tree = tree;
    this.#groups = new Map();
  }

  get(owner: ShareOwner): SharedGroup | undefined {
    return this.#groups.get(keyOf(owner));
  }

  /** Whether the store has what a member was given as waiting in its group. */
  keeps({ share, origin }: Delivery): boolean {
    return share !== null && origin !== null && this.get(share)?.kept === true;
  }

  /** What a member was given is over, or its session keeps it itself: the group need not. Nothing if it holds nothing. */
  done(given: Delivery): void {
    const { share, origin } = given;
    if (share === null || origin === null) return;
    const group = this.get(share);
    if (group?.kept === true) {
      group.queue.done(origin);
      this.#context.staged();
    }
    given.origin = null; // only now: what throws is done again
  }

  join(owner: ShareOwner, subscription: Subscription): SharedGroup {
    const key = keyOf(owner);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new SharedGroup(owner, this.#context.store, (delivery, from, to) =>
        this.#queues.onGroupMoved(delivery, from, to),
      );
      this.#groups.set(key, group);
      this.#tree.add(owner.topicFilter, group);
    }
    group.add(subscription);
    if (this.#context.receiveRights.asked) this.#tree.touch(owner.topicFilter);
    const shares = (subscription.session.shares ??= []);
    if (!shares.includes(group)) shares.push(group);
    return group;
  }

  leave(owner: ShareOwner, session: Session): void {
    const group = this.get(owner);
    if (group === undefined) return;
    const at = session.shares?.indexOf(group) ?? -1;
    if (at >= 0) session.shares!.splice(at, 1);
    if (session.shares?.length === 0) session.shares = null;
    if (group.remove(session)) {
      if (this.#context.receiveRights.asked) this.#tree.touch(owner.topicFilter);
      return;
    }
    this.#queues.dissolve(group);
    this.#tree.remove(owner.topicFilter, group);
    this.#groups.delete(keyOf(owner));
  }
}

function keyOf(owner: ShareOwner): string {
  return `${owner.shareName}/${owner.topicFilter}`;
}
