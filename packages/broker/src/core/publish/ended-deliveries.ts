/**
 * What becomes of the messages of a session that is no more: what waits or is in flight is dropped, but for messages of shared
 * groups that no client has begun to take exactly once: those go back to their group.
 */
import { DeliveryState } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import { logInternalError } from '../internal-error.ts';
import type { QueueKeeper } from '../session/queue-keeper.ts';
import type { Session } from '../session/session.ts';
import type { SharedGroup } from '../session/shared-group.ts';
import type { SharedGroups } from '../session/shared-groups.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { Delivery } from './delivery.ts';

export class EndedDeliveries {
  readonly #context: CoreContext;
  readonly #queues: QueueKeeper;
  readonly #groups: SharedGroups;

  constructor(context: CoreContext, queues: QueueKeeper, groups: SharedGroups) {
    this.#context = context;
    this.#queues = queues;
    this.#groups = groups;
  }

  /**
   * One that cannot be read now, or that its group's store does not take back, is dropped.
   * @returns the groups that got something back, for pumping
   */
  endSession(session: Session): SharedGroup[] {
    const groups = new Set<SharedGroup>();
    const failures: unknown[] = [];
    let dropped = 0;
    try {
      this.#queues.takeStoredFlight(session);
    } catch (error) {
      failures.push(error);
      dropped += this.#queues.unconfirmed(session);
    }
    const inFlight = session.senderIfUsed?.inFlight;
    dropped += this.#queues.dropQueue(session);
    if (inFlight !== undefined && inFlight.size > 0) {
      // Backwards, because each goes to the head of its group's queue.
      for (const packetId of inFlight.inOrder().reverse()) {
        const delivery = inFlight.itemOf(packetId);
        const group = delivery?.share == null ? undefined : this.#groups.get(delivery.share);
        const state = inFlight.stateOf(packetId);
        const begunOnce =
          state !== DeliveryState.AwaitingPuback && delivery !== null && !this.isHeld(delivery); // [MQTT-4.8.2-5]
        if (delivery !== null) this.#queues.leftFlight(session, delivery);
        inFlight.free(packetId);
        if (group !== undefined && !begunOnce) {
          groups.add(group);
          try {
            this.#queues.returnShared(group, delivery!.origin ?? group.waitingFor(delivery!));
          } catch (error) {
            failures.push(error);
            dropped++;
          }
        } else if (state === DeliveryState.AwaitingPubcomp) {
          this.#context.outcomes.delivered(1); // its client has it
        } else if (state !== DeliveryState.Releasing) {
          dropped++;
        }
      }
    }
    // Once, however many: a store that fails, fails for all of them.
    if (failures.length > 0) logInternalError(this.#context.errorLog, session.clientId, failures[0]);
    if (dropped > 0) this.#context.outcomes.dropped(DropReason.SessionEnded, session.clientId, '', dropped);
    return [...groups];
  }

  /** Its PUBLISH waits for a commit, or waited for one when the connection ended: no client has seen it. */
  isHeld({ heldFor }: Delivery): boolean {
    return heldFor > this.#context.commits.done;
  }
}
