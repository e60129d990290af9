/**
 * The acknowledgements that clients send for what they were given, and PUBREL for what they gave: the rest of each QoS 1 and 2
 * exchange once its PUBLISH has gone. What a kept session's client is told waits for the commit that makes it true, and
 * an identifier is used again only after the commit that forgets it.
 */
import { DeliveryState, ReasonCode } from '@martlet/protocol';
import { AT_ONCE } from '../commits.ts';
import type { CoreContext } from '../context.ts';
import { Durability } from '../ports/durability.ts';
import type { Delivery } from '../publish/delivery.ts';
import { WireForm } from '../publish/publish-writer.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { QueueKeeper } from './queue-keeper.ts';
import type { Session } from './session.ts';
import type { SharedGroups } from './shared-groups.ts';

const PUBREL = 0x62;
const PUBCOMP = 0x70;

interface Release {
  readonly commit: number;
  readonly session: Session;
  readonly packetId: number;
}

export class Exchanges {
  readonly #context: CoreContext;
  readonly #queues: QueueKeeper;
  readonly #groups: SharedGroups;
  /** Oldest first. */
  readonly #releases: Release[];

  constructor(context: CoreContext, queues: QueueKeeper, groups: SharedGroups) {
    this.#context = context;
    this.#queues = queues;
    this.#groups = groups;
    this.#releases = [];
  }

  /** PUBACK. Unknown identifiers are ignored: they may be late. True if quota became free. */
  onPuback(session: Session, packetId: number, reasonCode: number): boolean {
    return session.sender.awaitsPuback(packetId) && this.over(session, packetId, reasonCode); // [MQTT-4.3.2-3] [MQTT-4.3.2-1] 3.1.1
  }

  /** PUBREC: the client has the message; PUBREL follows. True if quota became free. */
  onPubrec(session: Session, packetId: number, reasonCode: number): boolean {
    const output = session.output!;
    const { sender } = session;
    // [MQTT-4.3.3-3]
    if (sender.awaitsPubrec(packetId)) {
      if (reasonCode >= 0x80) return this.over(session, packetId, reasonCode); // [MQTT-4.4.0-2]
      const delivery = sender.inFlight.itemOf(packetId);
      sender.onPubrec(packetId);
      if (delivery !== null) delivery.state = DeliveryState.AwaitingPubcomp;
      let commit = AT_ONCE;
      if (delivery !== null && session.kept) {
        session.queue!.sent(delivery);
        this.#context.staged();
        commit = this.#commitFor(delivery, this.#context.levels.ofIdentifiers);
      }
      output.acknowledge(PUBREL, packetId, commit); // [MQTT-4.3.3-4] [MQTT-4.3.3-1] 3.1.1 [MQTT-4.6.0-6] 3.1.1
      return false;
    }
    if (reasonCode >= 0x80) return false;
    if (sender.awaitsPubcomp(packetId) || output.form === WireForm.V3) {
      output.acknowledge(PUBREL, packetId, AT_ONCE);
      return false;
    }
    output.sendAfter(AT_ONCE, {
      type: 'pubrel',
      packetId,
      reasonCode: ReasonCode.PacketIdentifierNotFound,
      properties: { reasonString: `no message with packet identifier ${packetId} is in flight to you` },
    });
    return false;
  }

  /** PUBCOMP. True if quota became free. */
  onPubcomp(session: Session, packetId: number): boolean {
    return session.sender.awaitsPubcomp(packetId) && this.over(session, packetId, 0); // [MQTT-4.3.3-5] [MQTT-4.3.3-1] 3.1.1
  }

  /**
   * PUBREL from a publisher: answered after the commit that forgets its identifier.
   * @returns false if nothing was done, because nothing is kept now
   */
  onPubrel(session: Session, packetId: number): boolean {
    const output = session.output!;
    const { receiver } = session;
    const kept = session.kept && !receiver.isTransient(packetId);
    if (kept && this.#context.keeping.refusal !== null) return false;
    const known = receiver.onPubrel(packetId);
    let commit = AT_ONCE;
    if (known && kept) {
      const { commits, levels, store } = this.#context;
      store.deleteReceived(session.clientId, packetId);
      this.#context.staged();
      commit = commits.awaited(levels.ofIdentifiers);
    }
    if (known || output.form === WireForm.V3) {
      output.acknowledge(PUBCOMP, packetId, commit); // [MQTT-4.3.3-11] [MQTT-4.3.3-13] [MQTT-4.3.3-2] 3.1.1
    } else {
      output.sendAfter(AT_ONCE, {
        type: 'pubcomp',
        packetId,
        reasonCode: ReasonCode.PacketIdentifierNotFound,
        properties: { reasonString: `no QoS 2 message with packet identifier ${packetId} was received` },
      });
    }
    if (known) output.outbox.countAcknowledgement();
    return true;
  }

  /**
   * An exchange is over: acknowledged, refused (from 0x80 on), or given up because the client cannot take the packet (-1).
   * True if more may be sent: its identifier and quota are free, or what is in flight costs no more than it may again.
   */
  over(session: Session, packetId: number, reasonCode: number): boolean {
    const { outcomes } = this.#context;
    const delivery = session.sender.inFlight.itemOf(packetId);
    let commit = AT_ONCE;
    const wasFull = session.inFlightFull;
    // First what may throw: the exchange is open then, and is counted when the client has come again to end it.
    if (delivery !== null) {
      this.#groups.done(delivery); // [MQTT-4.8.2-6]
      if (session.kept) {
        session.queue?.done(delivery);
        this.#context.staged();
        // What comes after it in the store can only survive a power cut with it, so a lower level does.
        commit = this.#commitFor(delivery, Durability.Os);
      }
      this.#queues.leftFlight(session, delivery);
    }
    if (reasonCode >= 0x80) {
      const message = delivery?.message ?? null;
      const detail = `reason code 0x${reasonCode.toString(16)}`;
      const topic = message?.topic ?? '';
      outcomes.dropped(DropReason.RefusedBySubscriber, session.clientId, topic, 1, detail, message);
    } else if (reasonCode >= 0) {
      outcomes.delivered(1);
    }
    if (commit !== AT_ONCE) {
      session.sender.inFlight.insert(packetId, DeliveryState.Releasing, null);
      this.#releases.push({ commit, session, packetId });
      return wasFull && !session.inFlightFull;
    }
    session.sender.release(packetId); // [MQTT-4.8.2-6]
    return true;
  }

  /** The commit that makes true what was staged of a delivery: none for one that is never written. */
  #commitFor({ message }: Delivery, level: Durability): number {
    return message.durability === Durability.Memory ? AT_ONCE : this.#context.commits.awaited(level);
  }

  /** A commit is done: identifiers that waited for it are free. Returns the sessions that have them. */
  onCommitted(commit: number): Session[] {
    const releases = this.#releases;
    let count = 0;
    while (count < releases.length && releases[count]!.commit <= commit) {
      const { session, packetId } = releases[count++]!;
      const sender = session.senderIfUsed; // null once the session has ended
      if (sender?.inFlight.stateOf(packetId) === DeliveryState.Releasing) sender.release(packetId);
      session.settled();
    }
    return releases.splice(0, count).map((release) => release.session);
  }
}
