/**
 * Gives messages to sessions: what can be sent now is written into the connection's outbox, what cannot waits in the
 * session's queue until an acknowledgement, or room in the outbox, lets it go.
 *
 *     deliver ──▶ QoS 0 ──────────────────────────────▶ outbox (or dropped: no room)
 *            └──▶ QoS 1, 2 ──▶ queue ──▶ pump ──▶ Sender ──▶ outbox
 *                          └── nothing waits, nothing is kept: straight to the outbox
 *
 * It decides nothing about who gets a message (Router) and knows sockets only as outboxes.
 */
import { DeliveryState } from '@martlet/protocol';
import { AT_ONCE } from '../commits.ts';
import type { ConnectionOutput } from '../connection/connection-output.ts';
import type { CoreContext } from '../context.ts';
import { Durability } from '../ports/durability.ts';
import type { Exchanges } from '../session/exchanges.ts';
import type { QueueKeeper } from '../session/queue-keeper.ts';
import type { Session } from '../session/session.ts';
import { SharedGroup } from '../session/shared-group.ts';
import type { SharedGroups } from '../session/shared-groups.ts';
import { UnreadQueues } from '../session/unread-queues.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { Topic } from '../topics/topic.ts';
import { Delivery } from './delivery.ts';
import { EndedDeliveries } from './ended-deliveries.ts';
import type { QoS } from './message.ts';
import type { Publication } from './publication.ts';
import { secondsLeft } from './publication.ts';
import { PublishOutput } from './publish-output.ts';
import { WireForm } from './publish-writer.ts';
import type { Target } from './route.ts';

const PUBLISH = 0x30;
const PUBREL = 0x62;
const DUP = 0x08;
const RETAIN = 0x01;
const NO_IDENTIFIERS: readonly number[] = [];

export class Outgoing {
  readonly #context: CoreContext;
  readonly #queues: QueueKeeper;
  readonly #groups: SharedGroups;
  readonly #exchanges: Exchanges;
  readonly #packets: PublishOutput;
  readonly #unread: UnreadQueues;
  readonly #ended: EndedDeliveries;
  /** Of the message for which a member of a shared group is looked for; null if it is not known. */
  #sharedTopic: Topic | null;
  readonly #canTake: (session: Session, qos: number) => boolean;

  constructor(context: CoreContext, queues: QueueKeeper, groups: SharedGroups, exchanges: Exchanges) {
    this.#context = context;
    this.#queues = queues;
    this.#groups = groups;
    this.#exchanges = exchanges;
    this.#packets = new PublishOutput(context);
    this.#unread = new UnreadQueues(context, (session) => this.pump(session));
    this.#ended = new EndedDeliveries(context, queues, groups);
    this.#sharedTopic = null;
    const { receiveRights } = context;
    this.#canTake = (session, qos) =>
      canTakeNow(session, qos) &&
      (qos === 0 || queues.affordsFlight(session)) &&
      (this.#sharedTopic === null || receiveRights.mayReceive(session, this.#sharedTopic));
  }

  // ---- messages in -------------------------------------------------------------------------------------------------

  /** Gives the message to one session of a route. */
  deliver(publication: Publication, target: Target): void {
    const session = target.session;
    const lower = publication.qos < target.qos && !this.#context.profile.upgradeOutgoingQos;
    const qos: QoS = lower ? publication.qos : target.qos; // [MQTT-3.8.4-8] [MQTT-3.8.4-6] 3.1.1
    const retain = publication.retain && target.retainAsPublished; // [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT-3.3.1-9] 3.1.1
    if (qos === 0) {
      this.deliverQos0(publication, session, retain, target.identifiers);
      return;
    }
    const output = session.output;
    if (
      output !== null &&
      !session.kept &&
      output.plain &&
      (target.identifiers.length === 0 || output.form === WireForm.V3) &&
      canTakeNow(session, qos)
    ) {
      this.#sendAtOnce(publication, session, output, qos, retain);
      return;
    }
    this.enqueue(session, new Delivery(publication.message(), qos, retain, target.identifiers)); // [MQTT-3.1.2-5] 3.1.1
  }

  /** Sends at QoS 0 if the client is connected and has room; else the message is dropped for it. */
  deliverQos0(
    publication: Publication,
    session: Session,
    retain: boolean,
    identifiers: readonly number[],
  ): void {
    const output = session.output;
    if (this.#context.profile.queueQos0 && (output === null || output.outbox.heldBack || waitsFor(session))) {
      this.enqueue(session, new Delivery(publication.message(), 0, retain, identifiers));
      return;
    }
    if (output === null) {
      this.#dropped(DropReason.OfflineQos0, session.clientId, publication);
      return;
    }
    const firstByte = retain ? PUBLISH | RETAIN : PUBLISH; // [MQTT-4.3.1-1] [MQTT-4.3.1-1] 3.1.1
    if (output.plain && (identifiers.length === 0 || output.form === WireForm.V3)) {
      const template = publication.template(output.form, false);
      if (!this.#packets.fits(output, template.packetLength, publication.topic, true, publication)) return;
      this.#packets.sendTemplate(output, template, firstByte, 0, publication.payloadLength);
    } else {
      const { topic, properties, expirySeconds } = publication;
      const payload = publication.payload();
      this.#packets.measure(output, topic, 0, properties, expirySeconds, identifiers, payload, true);
      if (!this.#packets.measuredFits(output, topic, true, publication)) return;
      this.#packets.sendMeasured(output, topic, firstByte, 0, payload);
    }
    output.outbox.countQos0(1);
  }

  /** Gives a group's message to the member whose turn it is, or keeps it with the group. [MQTT-4.8.2-3] */
  deliverShared(publication: Publication, group: SharedGroup): void {
    const { shareBalancing, queueQos0, upgradeOutgoingQos } = this.#context.profile;
    this.#queues.leaveStore(group);
    this.#sharedTopic = publication.topic;
    if (publication.qos === 0 && !(upgradeOutgoingQos && group.members.some(({ qos }) => qos > 0))) {
      if (queueQos0 && (group.waiting > 0 || group.offline)) {
        const waiting = new Delivery(publication.message(), 0, false, NO_IDENTIFIERS, group.owner);
        if (this.#queues.pushShared(group, waiting, false)) this.pumpGroup(group);
        return;
      }
      const member = group.pick(0, shareBalancing, this.#canTake);
      if (member === null) {
        const reason = group.offline ? DropReason.OfflineQos0 : DropReason.OutboxFull;
        this.#dropped(reason, group.name, publication);
        return;
      }
      const { subscriptionIdentifier } = member;
      const identifiers = subscriptionIdentifier === 0 ? NO_IDENTIFIERS : [subscriptionIdentifier]; // [MQTT-3.3.4-5]
      this.deliverQos0(
        publication,
        member.session,
        publication.retain && member.retainAsPublished,
        identifiers,
      );
      return;
    }
    const waiting = new Delivery(publication.message(), publication.qos, false, NO_IDENTIFIERS, group.owner);
    if (!group.kept && group.waiting === 0 && this.#queues.affords(waiting)) {
      const qos = upgradeOutgoingQos ? 2 : publication.qos;
      const member = group.pick(qos, shareBalancing, this.#canTake);
      if (member !== null) {
        const given = group.given(waiting, member, upgradeOutgoingQos);
        given.origin = null;
        this.#send(member.session, member.session.output!, given);
        return;
      }
    }
    const leavesAtOnce =
      group.waiting === 0 &&
      group.members.some(({ session, qos }) => canTakeNow(session, Math.min(qos, waiting.qos)));
    if (this.#queues.pushShared(group, waiting, leavesAtOnce)) this.pumpGroup(group);
  }

  /** Adds to the session's queue, within its limits, and sends what can be sent. */
  enqueue(session: Session, delivery: Delivery): void {
    const leavesAtOnce = canTakeNow(session, delivery.qos);
    if (this.#queues.push(session, delivery, leavesAtOnce) && session.output !== null) this.pump(session);
  }

  /** Gives what waits in a group to members that can take it, in turn. */
  pumpGroup(group: SharedGroup): void {
    const { shareBalancing } = this.#context.profile;
    while (group.waiting > 0) {
      this.#sharedTopic = null;
      if (this.#context.receiveRights.asked) {
        if (this.#queues.dropUnreceivable(group)) continue;
        this.#sharedTopic = group.queue.peek()?.message.topic ?? null;
      }
      const member = group.pick(2, shareBalancing, this.#canTake);
      if (member === null) return;
      const given = this.#queues.takeShared(group, member.session);
      if (given === undefined) {
        this.#unread.add(member.session);
        return;
      }
      this.#sendUnlessExpired(member.session, member.session.output!, given);
    }
  }

  /** Sends what waits, as far as quota and outbox allow: first again what was in flight, then the queues. */
  pump(session: Session): void {
    const { output } = session;
    if (output === null) return;
    if (session.senderIfUsed === null && session.shares === null && !waitsFor(session)) return;
    const { sender } = session;
    while (output.outbox.hasRoom) {
      const packetId = sender.nextResend();
      if (packetId !== 0) {
        this.#resend(session, output, packetId);
        continue;
      }
      if (!sender.ready || session.inFlightFull || !this.#queues.affordsFlight(session)) return;
      const delivery = this.#queues.shift(session);
      if (delivery === undefined) {
        if (this.#queues.holdsUnread(session)) this.#unread.add(session);
        if (this.#context.receiveRights.asked) this.#pumpOthers(session);
        return;
      }
      this.#sendUnlessExpired(session, output, delivery);
    }
  }

  /** What waits in its groups is not for this member: perhaps for another one. */
  #pumpOthers({ shares }: Session): void {
    for (const group of shares ?? []) {
      if (group instanceof SharedGroup && group.waiting > 0) this.pumpGroup(group);
    }
  }

  /** The client of a session that was kept is back: what was in flight before a restart is to be sent again. */
  takeUp(session: Session): void {
    this.#queues.takeStoredFlight(session);
  }

  /** The client has gone: what waits for it need not stay in memory, and what is still held for it never left. */
  rest(session: Session): void {
    this.#queues.rest(session);
    const inFlight = session.shares === null ? undefined : session.senderIfUsed?.inFlight;
    if (inFlight === undefined || inFlight.size === 0) return;
    for (const packetId of inFlight.inOrder()) {
      const delivery = inFlight.itemOf(packetId);
      if (delivery !== null) delivery.heldFor = this.#ended.isHeld(delivery) ? Number.POSITIVE_INFINITY : 0;
    }
  }

  /** The session is no more: see `EndedDeliveries`. The groups to which something went back are given back for pumping. */
  endSession(session: Session): SharedGroup[] {
    return this.#ended.endSession(session);
  }

  // ---- sending -----------------------------------------------------------------------------------------------------

  /** The short way: nothing waits, nothing is kept, the packet suits as it is. */
  #sendAtOnce(
    publication: Publication,
    session: Session,
    output: ConnectionOutput,
    qos: 1 | 2,
    retain: boolean,
  ): void {
    const template = publication.template(output.form, true);
    if (!this.#packets.fits(output, template.packetLength, publication.topic, false, publication)) return;
    const packetId = session.sender.publish(qos, null); // [MQTT-4.3.3-1]
    // Without the publisher's DUP.
    const firstByte = PUBLISH | (retain ? RETAIN : 0) | (qos << 1); // [MQTT-3.3.1-3] [MQTT-3.3.1-3] 3.1.1 [MQTT-4.3.3-2]
    this.#packets.sendTemplate(output, template, firstByte, packetId, publication.payloadLength);
  }

  #sendUnlessExpired(session: Session, output: ConnectionOutput, delivery: Delivery): void {
    const { nowMs, outcomes, receiveRights } = this.#context;
    const { message } = delivery;
    // [MQTT-3.3.2-5]
    const expired = message.expiresAtMs < nowMs;
    if (!expired && receiveRights.mayReceive(session, message.topic)) {
      this.#send(session, output, delivery);
      return;
    }
    this.#finish(session, delivery);
    const reason = expired ? DropReason.Expired : DropReason.NotAuthorizedToReceive;
    outcomes.dropped(reason, session.clientId, message.topic, 1, '', message);
  }

  #send(session: Session, output: ConnectionOutput, delivery: Delivery): void {
    const { message, qos } = delivery;
    const { payload, topic } = message;
    // A crash must not let another message get this identifier, or another member this message, once it was sent.
    const kept = message.durability !== Durability.Memory && (session.kept || this.#groups.keeps(delivery));
    const { commits, levels } = this.#context;
    const held = qos === 2 && kept && commits.holds(levels.ofIdentifiers);
    this.#measure(output, delivery, !held);
    if (!this.#packets.measuredFits(output, topic, false, message)) {
      this.#finish(session, delivery); // [MQTT-3.1.2-25]
      return;
    }
    let packetId = 0;
    if (qos > 0) {
      packetId = session.sender.publish(qos as 1 | 2, delivery); // [MQTT-4.3.2-1] [MQTT-4.3.2-1] 3.1.1 [MQTT-4.3.3-1] [MQTT-4.3.3-1] 3.1.1
      this.#queues.tookFlight(session, delivery);
      delivery.packetId = packetId;
      delivery.state = qos === 1 ? DeliveryState.AwaitingPuback : DeliveryState.AwaitingPubrec;
      if (session.kept) this.#keepSent(session, delivery);
      else if (qos === 2) this.#groups.done(delivery); // [MQTT-4.8.2-5]
    }
    const firstByte = PUBLISH | (qos << 1) | (delivery.retain ? RETAIN : 0);
    if (held) {
      delivery.heldFor = this.#packets.holdMeasured(output, firstByte, packetId, payload);
      return;
    }
    this.#packets.sendMeasured(output, topic, firstByte, packetId, payload);
    if (qos > 0) return;
    output.outbox.countQos0(1);
    this.#finish(session, delivery);
  }

  /** What is in flight to a kept session is its own, also if it came from a group. */
  #keepSent(session: Session, delivery: Delivery): void {
    this.#queues.queueOf(session).sent(delivery);
    this.#groups.done(delivery);
    this.#context.staged();
  }

  /** The same packet again on a new connection, with its identifier. [MQTT-4.4.0-1] [MQTT-4.4.0-1] 3.1.1 */
  #resend(session: Session, output: ConnectionOutput, packetId: number): void {
    const { inFlight } = session.sender;
    const state = inFlight.stateOf(packetId);
    if (state === DeliveryState.Releasing) return;
    if (state === DeliveryState.AwaitingPubcomp) {
      output.acknowledge(PUBREL, packetId, AT_ONCE); // [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT-4.4.0-1]
      return;
    }
    // Expired or not: its delivery has begun. [MQTT-4.3.3-7]
    const delivery = inFlight.itemOf(packetId)!;
    delivery.heldFor = 0;
    const { message, qos } = delivery;
    this.#measure(output, delivery, true);
    if (!this.#packets.measuredFits(output, message.topic, false, message)) {
      this.#exchanges.over(session, packetId, -1);
      return;
    }
    const firstByte = PUBLISH | (qos << 1) | (delivery.retain ? RETAIN : 0) | DUP; // [MQTT-3.3.1-1] [MQTT-3.3.1-1] 3.1.1
    this.#packets.sendMeasured(output, message.topic, firstByte, packetId, message.payload); // [MQTT-4.8.2-4]
  }

  #measure(output: ConnectionOutput, delivery: Delivery, mayAlias: boolean): void {
    const { message, qos, subscriptionIdentifiers } = delivery;
    const { topic, properties, payload, expiresAtMs } = message;
    const expiry = secondsLeft(expiresAtMs, this.#context.nowMs);
    this.#packets.measure(output, topic, qos, properties, expiry, subscriptionIdentifiers, payload, mayAlias);
  }

  #dropped(reason: DropReason, recipient: string, publication: Publication): void {
    this.#context.outcomes.dropped(reason, recipient, publication.topic, 1, '', publication);
  }

  /** A delivery that was shifted is over without an exchange. */
  #finish(session: Session, delivery: Delivery): void {
    this.#groups.done(delivery);
    if (delivery.share === null) session.queue?.done(delivery);
    if (session.kept) this.#context.staged();
  }
}

/** Whether something waits in the session's queue. */
export function waitsFor(session: Session): boolean {
  return session.queue !== null && session.queue.length > 0;
}

/** Whether a message of this QoS can be sent to the session at once, overtaking nothing. */
export function canTakeNow(session: Session, qos: number): boolean {
  const output = session.output;
  if (output === null || !output.outbox.hasRoom) return false;
  // [MQTT-3.3.4-9] [MQTT-4.6.0-5] [MQTT-4.6.0-5] 3.1.1 [MQTT-4.6.0-6] [MQTT-4.6.0-6] 3.1.1
  return qos === 0 || (session.sender.ready && !session.inFlightFull && !waitsFor(session));
}
