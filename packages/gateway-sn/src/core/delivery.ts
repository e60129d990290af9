/**
 * What a client is given: first in, first out, one request at a time. A topic that it has no identifier for is registered
 * first, and its message waits for REGACK (section 6.10). The broker's session keeps what is of QoS 1 or 2 until the client
 * has acknowledged it; only messages of QoS 0 are kept here and nowhere else, within a bound.
 *
 *   idle ── head ──▶ registering ──REGACK──▶ publishing ──PUBACK──▶ idle
 *                                              │ PUBREC ▶ received ── PUBREL of the broker ▶ releasing ──PUBCOMP──▶ idle
 *   each waits for its answer, is sent again, and at last stands still until the client is heard
 */
import type { Deadline, ServerPacket } from '@martlet/protocol';
import { NO_PROPERTIES, ReasonCode } from '@martlet/protocol';
import { encodeMessage } from './codec/encode-message.ts';
import type { SnMessage } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { DeliveryOwner } from './delivery-owner.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import type { Waiting } from './waiting-messages.ts';
import { WaitingMessages, waitingFor, waitingForRelease } from './waiting-messages.ts';

/** Times N_retry that a client is asked to register a topic, and heard meanwhile; then it is as if it had rejected it. */
const MOST_REGISTER_ROUNDS = 5;

type Stage = 'idle' | 'registering' | 'publishing' | 'received' | 'releasing';

export class Delivery {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #owner: DeliveryOwner;
  readonly #retry: Deadline;
  readonly #waiting: WaitingMessages;
  #stage: Stage = 'idle';
  /** Of the REGISTER under way. */
  #registerId = 0;
  #attempts = 0;
  /** Nothing is to be sent: the client is asleep, or not connected. */
  #paused = true;
  /** Nothing is sent until the client is heard: it has not answered, or may not be sent so much. */
  #stalled = false;
  /** Nothing is sent for a while: the client has said that it has no room (T_WAIT). */
  #congested = false;
  /** The client was heard since the request was made. */
  #heard = false;

  constructor(context: GatewayContext, line: ClientLine, owner: DeliveryOwner) {
    this.#context = context;
    this.#line = line;
    this.#owner = owner;
    const { bufferedMessages, bufferedBytes } = context.options;
    this.#waiting = new WaitingMessages(bufferedMessages, bufferedBytes);
    this.#retry = { heapIndex: -1, onDue: () => this.#onDue() };
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get bufferedMessages(): number {
    return this.#waiting.length;
  }

  /** Whether only who got what was sent to the address can know this packet identifier. */
  proves({ type, packetId }: { readonly type: string; readonly packetId: number }): boolean {
    if (type === 'regack') return this.#stage === 'registering' && packetId === this.#registerId;
    const { head } = this.#waiting;
    if (packetId !== head?.packetId || !(this.#stage === 'publishing' || this.#stage === 'releasing'))
      return false;
    const isAnswer = type === 'puback' || type === 'pubrec' || type === 'pubcomp';
    return isAnswer && (head.qos === 1 || this.#owner.packetIds.offsetIsSecret);
  }

  // ---- from the broker -----------------------------------------------------------------------------------------------

  onPublish(packet: ServerPacket & { readonly type: 'publish' }): void {
    const known = packet.qos === 0 ? undefined : this.#waiting.withId(packet.packetId);
    if (known !== undefined) {
      // Over a new connection the broker sends again what is here already. If its PUBREC was lost with the old one:
      if (known === this.#waiting.head && this.#stage === 'received') this.#acknowledge('pubrec', known);
      return;
    }
    this.#waiting.push(waitingFor(packet, this.#context.nowMs));
    this.#next();
    // The head may be under way: it stays.
    this.#context.metrics.bufferFull += this.#waiting.trim(this.#stage === 'idle' ? 0 : 1);
  }

  /** The broker lets go of a QoS 2 message that the client has received, on this connection or on one before it. */
  onPubrel(upstreamId: number): void {
    const known = this.#waiting.withId(upstreamId);
    if (known === undefined) {
      this.#waiting.push(waitingForRelease(upstreamId));
      this.#next();
      return;
    }
    known.released = true;
    if (known !== this.#waiting.head || this.#stage !== 'received') return;
    if (this.#paused) this.#stage = 'idle';
    else this.#release(known);
  }

  // ---- from the client -----------------------------------------------------------------------------------------------

  onRegack(packetId: number, returnCode: number): void {
    const head = this.#waiting.head;
    if (this.#stage !== 'registering' || packetId !== this.#registerId || head === undefined) return;
    this.#context.deadlines.clear(this.#retry);
    this.#stage = 'idle';
    if (returnCode === ReturnCode.Accepted) {
      this.#owner.topics.confirm(head.topicName);
      this.#next();
    } else if (returnCode === ReturnCode.Congestion) this.#wait();
    else {
      // As if it had unsubscribed from this topic, not from the filter (section 6.10).
      this.#owner.topics.reject(head.topicName);
      this.#refused(head);
    }
  }

  onPuback(packetId: number, returnCode: number): void {
    const head = this.#underWay('publishing', packetId);
    if (head === undefined || (head.qos === 2 && returnCode === ReturnCode.Accepted)) return;
    this.#context.deadlines.clear(this.#retry);
    this.#stage = 'idle';
    const { topics } = this.#owner;
    switch (returnCode) {
      case ReturnCode.Accepted:
        this.#acknowledge('puback', head);
        this.#remove();
        this.#next();
        return;
      case ReturnCode.Congestion:
        this.#wait();
        return;
      case ReturnCode.InvalidTopicId:
        topics.doubt(head.topicName);
        if (head.registeredAgain || !topics.canRegister(head.topicName)) this.#refused(head);
        else {
          head.registeredAgain = true;
          this.#next();
        }
        return;
      default:
        this.#refused(head);
    }
  }

  onPubrec(packetId: number): void {
    const releasing = this.#underWay('releasing', packetId);
    if (releasing !== undefined) {
      this.#line.toClient({ type: 'pubrel', packetId });
      return;
    }
    const head = this.#underWay('publishing', packetId);
    if (head?.qos !== 2) return;
    this.#context.deadlines.clear(this.#retry);
    this.#stage = 'received';
    this.#acknowledge('pubrec', head);
  }

  onPubcomp(packetId: number): void {
    const head = this.#underWay('releasing', packetId);
    if (head === undefined) return;
    this.#stage = 'idle';
    this.#acknowledge('pubcomp', head);
    this.#remove();
    this.#next();
  }

  /** Anything came from the client: it is there, and may be asked again. */
  onHeard(): void {
    this.#heard = true;
    if (this.#stalled && !this.#paused) this.resume();
  }

  // ---- commands ------------------------------------------------------------------------------------------------------

  /** The client can be sent to (again): what was under way is sent again. */
  resume(): void {
    this.#paused = false;
    this.#stalled = false;
    this.#congested = false;
    this.#context.deadlines.clear(this.#retry);
    if (this.#stage !== 'received') this.#stage = 'idle';
    this.#next();
  }

  /** The client sleeps, or has gone. What is under way begins again when it is back. */
  pause(): void {
    this.#paused = true;
    this.#context.deadlines.clear(this.#retry);
  }

  /** What waited for an answer to the client itself. */
  proceed(): void {
    this.#next();
  }

  /** Its session is another one: what the broker keeps it sends again. */
  clear(): void {
    this.#context.deadlines.clear(this.#retry);
    this.#waiting.clear();
    this.#stage = 'idle';
    this.#stalled = false;
    this.#congested = false;
  }

  // ---- sending -------------------------------------------------------------------------------------------------------

  #next(): void {
    while (this.#stage === 'idle' && !this.#paused && !this.#stalled && !this.#congested) {
      const head = this.#waiting.head;
      if (head === undefined) {
        this.#owner.onDrained();
        return;
      }
      if (head.released) this.#release(head);
      else if (this.#isUnwanted(head)) this.#refuse(head);
      // Who subscribes, or publishes to what it subscribed to, is answered first: many a client takes nothing else before.
      else if (this.#owner.awaitsBroker(head.topicName)) return;
      else this.#send(head);
    }
  }

  #isUnwanted({ dup, expiresMs, topicName }: Waiting): boolean {
    if (dup) return false; // Its delivery has begun. [MQTT-4.3.3-7]
    const { metrics, nowMs } = this.#context;
    if (expiresMs <= nowMs) metrics.expired++;
    return expiresMs <= nowMs || this.#owner.topics.isRejected(topicName);
  }

  #send(head: Waiting): void {
    const { qos, retain, payload, topicName } = head;
    const topic = this.#owner.topics.referenceFor(topicName);
    if (topic === null) {
      this.#registerId = this.#owner.packetIds.take();
      this.#begin('registering', this.#registerOf(topicName));
      return;
    }
    if (qos > 0 && head.packetId === 0) {
      const { packetIds } = this.#owner;
      head.packetId = qos === 2 ? packetIds.ofQos2(head.upstreamId) : packetIds.take();
    }
    const { packetId } = head;
    const publish: SnMessage = {
      type: 'publish',
      dup: head.dup && qos > 0,
      qos,
      retain,
      topic,
      packetId,
      payload,
    };
    if (qos > 0) {
      if (this.#begin('publishing', publish)) head.dup = true;
      return;
    }
    if (!this.#fits(publish)) this.#tooLong(head);
    else if (this.#line.toClient(publish)) {
      this.#context.metrics.publishesSent++;
      this.#remove();
    } else this.#stalled = true;
  }

  #registerOf(topicName: string): SnMessage {
    const { topics } = this.#owner;
    return { type: 'register', topicId: topics.idOf(topicName), packetId: this.#registerId, topicName };
  }

  #release(head: Waiting): void {
    if (head.packetId === 0) head.packetId = this.#owner.packetIds.ofQos2(head.upstreamId);
    this.#begin('releasing', { type: 'pubrel', packetId: head.packetId });
  }

  /** @returns whether it has left */
  #begin(stage: 'registering' | 'publishing' | 'releasing', message: SnMessage): boolean {
    if (!this.#fits(message)) {
      this.#tooLong(this.#waiting.head!);
      return false;
    }
    this.#stage = stage;
    this.#attempts = 0;
    this.#heard = false;
    const sent = this.#request(message);
    if (sent && stage === 'publishing') this.#context.metrics.publishesSent++;
    return sent;
  }

  #request(message: SnMessage): boolean {
    if (!this.#line.toClient(message)) {
      this.#stalled = true;
      return false;
    }
    this.#context.deadlines.set(this.#retry, this.#context.nowMs + this.#context.options.retryMs);
    return true;
  }

  #onDue(): void {
    if (this.#congested) {
      this.#congested = false;
      this.#next();
      return;
    }
    const head = this.#waiting.head;
    if (head === undefined || this.#paused) return;
    const { options, metrics } = this.#context;
    if (this.#attempts >= options.retries) {
      metrics.retriesExhausted++;
      if (this.#stage === 'registering' && this.#heard) this.#onRegisterUnanswered(head);
      else {
        this.#stalled = true;
        this.#owner.onStopped('unanswered');
      }
      return;
    }
    this.#attempts++;
    metrics.retransmissions++;
    this.#repeat(head);
  }

  /** The client is there: its answers may be lost, or it knows no REGISTER, or has no room and does not say so. */
  #onRegisterUnanswered(head: Waiting): void {
    this.#stage = 'idle';
    if (++head.registerRounds < MOST_REGISTER_ROUNDS) this.#next();
    else {
      this.#owner.topics.reject(head.topicName);
      this.#refused(head);
    }
  }

  #repeat({ topicName, qos, retain, payload, packetId }: Waiting): void {
    switch (this.#stage) {
      case 'registering':
        this.#request(this.#registerOf(topicName));
        return;
      case 'publishing': {
        const topic = this.#owner.topics.referenceFor(topicName);
        if (topic === null) {
          this.#stage = 'idle';
          this.#next();
        } else this.#request({ type: 'publish', dup: true, qos, retain, topic, packetId, payload });
        return;
      }
      case 'releasing':
        this.#request({ type: 'pubrel', packetId });
        return;
      case 'idle':
      case 'received':
        return;
    }
  }

  /** The client has no room: it is left alone for T_WAIT, or until it wakes. */
  #wait(): void {
    this.#congested = true;
    this.#context.deadlines.set(this.#retry, this.#context.nowMs + this.#context.options.waitMs);
    this.#owner.onStopped('congested');
  }

  #fits(message: SnMessage): boolean {
    return encodeMessage(message).length <= this.#line.maximumMessageBytes;
  }

  #tooLong(head: Waiting): void {
    this.#context.metrics.tooLong++;
    this.#refuse(head);
  }

  #refused(head: Waiting): void {
    this.#context.metrics.rejectedByClient++;
    this.#stage = 'idle';
    this.#refuse(head);
    this.#next();
  }

  /** The broker is told that the client will not have it, and does not send it again. */
  #refuse(head: Waiting): void {
    if (head.qos > 0) {
      this.#acknowledge(head.qos === 1 ? 'puback' : 'pubrec', head, ReasonCode.ImplementationSpecificError);
    }
    this.#remove();
  }

  #remove(): void {
    this.#context.deadlines.clear(this.#retry);
    this.#waiting.shift();
  }

  #underWay(stage: Stage, packetId: number): Waiting | undefined {
    return this.#stage === stage && packetId === this.#waiting.head?.packetId
      ? this.#waiting.head
      : undefined;
  }

  #acknowledge(
    type: 'puback' | 'pubrec' | 'pubcomp',
    { upstreamId }: Waiting,
    reasonCode: ReasonCode = ReasonCode.Success,
  ): void {
    this.#owner.toBroker({ type, packetId: upstreamId, reasonCode, properties: NO_PROPERTIES });
  }
}
