/** Brings back what the store kept, before any client connects. */
import type { CoreContext } from './context.ts';
import type { ShareOwner } from './ports/store.ts';
import { Message } from './publish/message.ts';
import type { Retaining } from './retained/retaining.ts';
import type { QueueKeeper } from './session/queue-keeper.ts';
import type { Sessions } from './session/sessions.ts';
import type { SharedGroups } from './session/shared-groups.ts';
import type { Subscriptions } from './session/subscriptions.ts';
import { storedTimeAheadMs } from './stored-time.ts';
import { DropReason } from './telling/drop-reason.ts';
import type { Topic, TopicTable } from './topics/topic-table.ts';

interface Restorable {
  readonly context: CoreContext;
  readonly topics: TopicTable;
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions;
  readonly groups: SharedGroups;
  readonly queues: QueueKeeper;
  readonly retaining: Retaining;
}

export function restore({
  context,
  topics,
  sessions,
  subscriptions,
  groups,
  queues,
  retaining,
}: Restorable): void {
  let notRestored = 0;
  // What waits in a queue is often of one topic.
  let lastName = '';
  let lastTopic: Topic | null = null;
  const ownerless: ShareOwner[] = [];
  context.storedTimeAheadMs = storedTimeAheadMs(context.store.lastWallMs, context.wallMs);
  context.store.load(
    {
      onSession: (record) => {
        context.sampleClock(); // what is loaded may take seconds, and the wall clock goes on
        sessions.restore(record);
      },
      onSubscription: (clientId, record) => {
        const session = sessions.get(clientId);
        if (session !== undefined) subscriptions.restore(session, record);
      },
      onReceived: (clientId, packetId) => sessions.get(clientId)?.receiver.restore(packetId),
      onRetained: (message) => retaining.keep(message),
      onQueue: (owner) => {
        if (owner.kind === 'share') {
          const group = groups.get(owner);
          if (group !== undefined) queues.countRestored(group.queue);
          else ownerless.push(owner);
          return;
        }
        const session = sessions.get(owner.clientId);
        // What was in flight is read when its client comes back, or its session ends.
        if (session !== undefined) queues.restored(session);
      },
    },
    {
      restore: (stored) => {
        const topic = stored.topicName === lastName ? lastTopic : topics.internName(stored.topicName);
        if (topic === null) {
          context.outcomes.dropped(DropReason.NotRestored, '', stored.topicName, 1);
          notRestored++;
          return null;
        }
        lastName = stored.topicName;
        lastTopic = topic;
        const expiresAtMs =
          stored.expiresAtWallMs === Number.POSITIVE_INFINITY
            ? stored.expiresAtWallMs
            : context.fromWallMs(stored.expiresAtWallMs);
        return new Message(topic, stored.payload, stored.qos, stored.retain, stored.properties, expiresAtMs);
      },
      expiresAtWallMs: (message) => context.toWallMs(message.expiresAtMs),
      get nowMs() {
        return context.nowMs;
      },
      onDamaged: (recipient) => context.outcomes.dropped(DropReason.StoredDamaged, recipient, '', 1),
    },
    sessions,
  );
  for (const owner of ownerless) dropOwnerless(context, owner);
  if (notRestored > 0) {
    const text = `${notRestored} kept messages were left out: their topic names have more levels than are allowed now`;
    context.log.write('warning', 'messages-not-restored', text);
  }
  context.sampleClock();
  sessions.restoreTimes();
  if (context.storedTimeAheadMs === 0) return;
  context.storedTimeAheadMs = 0;
  const text =
    'the wall clock says less than when something was last kept, or was not set then: the time while the broker was off is not counted';
  context.log.write('notice', 'wall-clock-not-believed', text);
  sessions.restamp();
  retaining.restamp();
  context.store.restamp();
  context.staged();
}

/** What waited for a group whose members all ended with the process: none of them was kept. */
function dropOwnerless(context: CoreContext, owner: ShareOwner): void {
  const { length } = context.store.openQueue(owner);
  const name = `$share/${owner.shareName}/${owner.topicFilter}`;
  context.store.deleteQueue(owner);
  context.staged();
  context.outcomes.dropped(DropReason.GroupWithoutMembers, name, '', length);
}
