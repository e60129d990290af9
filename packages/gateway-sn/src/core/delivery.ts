/**
 * What a client is given: first in, first out, one request at a time. A topic that it has no identifier for is registered
 * first, and its message waits for REGACK (section 6.10). The broker's session keeps what is of QoS 1 or 2 until the client
 * has acknowledged it; only messages of QoS 0 are kept here and nowhere else, within a bound.
 *
 *   idle ── head ──▶ registering ──REGACK──▶ publishing ──PUBACK──▶ idle
 *                                              │ PUBREC ▶ received ── PUBREL of the broker ▶ releasing ──PUBCOMP──▶ idle
 *   each waits for its answer, is sent again, and at last stands still until the client is heard
 */
import type { ClientPacket, Deadline, ServerPacket } from '@martlet/protocol';
import { NO_PROPERTIES, ReasonCode } from '@martlet/protocol';
import { encodeMessage } from './codec/encode-message.ts';
import type { Publish, SnMessage, TopicReference } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import type { KnownTopics } from './known-topics.ts';
import type { Waiting } from './waiting-messages.ts';
import { WaitingMessages } from './waiting-messages.ts';

type Stage = 'idle' | 'registering' | 'publishing' | 'received' | 'releasing';

export class Delivery {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #topics: KnownTopics;
  readonly #toBroker: (packet: ClientPacket) => void;
  readonly #onDrained: () => void;
  readonly #retry: Deadline;
  readonly #waiting: WaitingMessages;
  #stage: Stage = 'idle';
  #packetId = 0;
  #attempts = 0;
  /** Nothing is to be sent: the client is asleep, or not connected. */
  #paused = true;
  /** Nothing is sent until the client is heard: it has not answered, or may not be sent so much. */
  #stalled = false;
  /** Nothing is sent for a while: the client has said that it has no room (T_WAIT). */
  #congested = false;
  /** The client was heard since the request was made. */
  #heard = false;

  /** @param onDrained nothing waits any more, and nothing is under way; never called from inside a call */
  constructor(
    context: GatewayContext,
    line: ClientLine,
    topics: KnownTopics,
    toBroker: (packet: ClientPacket) => void,
    onDrained: () => void,
  ) {
    this.#context = context;
    this.#line = line;
    this.#topics = topics;
    this.#toBroker = toBroker;
    this.#onDrained = onDrained;
    const { bufferedMessages, bufferedBytes } = context.options;
    this.#waiting = new WaitingMessages(bufferedMessages, bufferedBytes);
    this.#retry = { heapIndex: -1, onDue: () => this.#onUnanswered() };
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The client did not answer, however often it was asked. */
  get isStalled(): boolean {
    return this.#stalled;
  }

  /** Whether a request with this packet identifier is under way. */
  isAwaited(packetId: number): boolean {
    return this.#stage !== 'idle' && this.#stage !== 'received' && packetId === this.#packetId;
  }

  get bufferedMessages(): number {
    return this.#waiting.length;
  }

  // ---- from the broker -----------------------------------------------------------------------------------------------

  onPublish(packet: ServerPacket & { readonly type: 'publish' }): void {
    const { topicName, payload, qos, retain, packetId, dup } = packet;
    // After the connection to the broker was made anew it sends again what is here already.
    if (qos > 0 && this.#waiting.has(packetId)) return;
    const waiting: Waiting = {
      topicName,
      payload: payload.slice(),
      qos,
      retain,
      upstreamId: packetId,
      dup,
      registeredAgain: false,
    };
    // The head may be under way: it stays.
    this.#context.metrics.bufferFull += this.#waiting.push(waiting, this.#stage === 'idle' ? 0 : 1);
    this.#next();
  }

  /** The broker lets go of a QoS 2 message that the client has received. */
  onPubrel(packetId: number): void {
    const head = this.#waiting.head;
    if (head?.upstreamId !== packetId || this.#stage !== 'received') {
      if (!this.#waiting.has(packetId)) this.#pubcomp(packetId);
      return;
    }
    this.#begin('releasing');
    this.#request({ type: 'pubrel', packetId: this.#packetId });
  }

  // ---- from the client -----------------------------------------------------------------------------------------------

  onRegack(packetId: number, returnCode: number): void {
    const head = this.#answered('registering', packetId);
    if (head === undefined) return;
    if (returnCode === ReturnCode.Accepted) {
      this.#topics.confirm(head.topicName);
      this.#stage = 'idle';
      this.#next();
    } else if (returnCode === ReturnCode.Congestion) this.#wait();
    else {
      // As if it had unsubscribed from this topic, not from the filter (section 6.10).
      this.#topics.reject(head.topicName);
      this.#refused(head);
    }
  }

  onPuback(packetId: number, returnCode: number): void {
    const head = this.#answered('publishing', packetId);
    if (head === undefined || (head.qos !== 1 && returnCode === ReturnCode.Accepted)) return;
    switch (returnCode) {
      case ReturnCode.Accepted:
        this.#acknowledge('puback', head.upstreamId, ReasonCode.Success);
        this.#done();
        return;
      case ReturnCode.Congestion:
        this.#wait();
        return;
      case ReturnCode.InvalidTopicId:
        this.#topics.doubt(head.topicName);
        if (!head.registeredAgain && this.#topics.canRegister(head.topicName)) {
          head.registeredAgain = true;
          this.#stage = 'idle';
          this.#next();
          return;
        }
        this.#refused(head);
        return;
      default:
        this.#refused(head);
    }
  }

  /** A PUBLISH of QoS 0 is over when it is sent, but its client may still say that it does not know the topic. */
  onUnknownTopic(topicName: string): void {
    this.#topics.doubt(topicName);
  }

  onPubrec(packetId: number): void {
    if (this.#stage === 'releasing' && packetId === this.#packetId) {
      this.#line.toClient({ type: 'pubrel', packetId });
      return;
    }
    const head = this.#answered('publishing', packetId);
    if (head === undefined || head.qos !== 2) return;
    this.#stage = 'received';
    this.#acknowledge('pubrec', head.upstreamId, ReasonCode.Success);
  }

  onPubcomp(packetId: number): void {
    const head = this.#answered('releasing', packetId);
    if (head === undefined) return;
    this.#pubcomp(head.upstreamId);
    this.#done();
  }

  /** Anything came from the client: it is there, and may be asked again. */
  onHeard(): void {
    this.#heard = true;
    if (!this.#stalled) return;
    this.#stalled = false;
    if (this.#paused) return;
    if (this.#stage === 'publishing' || this.#stage === 'registering') this.#stage = 'idle';
    if (this.#stage === 'releasing') this.#request({ type: 'pubrel', packetId: this.#packetId });
    else this.#next();
  }

  // ---- commands ------------------------------------------------------------------------------------------------------

  resume(): void {
    this.#paused = false;
    this.#stalled = false;
    this.#congested = false;
    if (this.#stage === 'publishing' || this.#stage === 'registering') this.#stage = 'idle';
    if (this.#stage === 'releasing') this.#request({ type: 'pubrel', packetId: this.#packetId });
    else this.#next();
  }

  /** The client sleeps, or has gone. What is under way begins again when it is back. */
  pause(): void {
    this.#paused = true;
    this.#context.deadlines.clear(this.#retry);
  }

  /** Its session is another one, or the connection to the broker is lost: what the broker keeps it sends again. */
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
        this.#onDrained();
        return;
      }
      if (this.#topics.isRejected(head.topicName)) this.#refuse(head);
      else this.#send(head);
    }
  }

  #send(head: Waiting): void {
    const topic = this.#topics.referenceFor(head.topicName);
    if (topic === null) {
      const register: SnMessage = {
        type: 'register',
        topicId: this.#topics.idOf(head.topicName),
        packetId: this.#newPacketId(),
        topicName: head.topicName,
      };
      if (!this.#fits(register)) this.#tooLong(head);
      else {
        this.#begin('registering');
        this.#request(register);
      }
      return;
    }
    const publish = this.#publishOf(head, topic);
    if (!this.#fits(publish)) {
      this.#tooLong(head);
      return;
    }
    if (head.qos === 0) {
      if (!this.#line.toClient(publish)) {
        this.#stalled = true;
        return;
      }
      this.#context.metrics.publishesSent++;
      this.#remove();
      return;
    }
    this.#begin('publishing');
    this.#context.metrics.publishesSent++;
    this.#request(publish);
  }

  #begin(stage: Stage): void {
    this.#stage = stage;
    this.#attempts = 0;
    this.#heard = false;
  }

  #publishOf(head: Waiting, topic: TopicReference): Publish {
    const { qos, retain, payload, dup } = head;
    const packetId = qos === 0 ? 0 : this.#newPacketId();
    return { type: 'publish', dup: dup && qos > 0, qos, retain, topic, packetId, payload };
  }

  /** One that only who gets it can know: an answer with it proves the address. */
  #newPacketId(): number {
    this.#packetId = 1 + Math.floor(this.#context.random() * 65_535);
    return this.#packetId;
  }

  #request(message: SnMessage): void {
    if (!this.#line.toClient(message)) {
      this.#stalled = true;
      return;
    }
    this.#context.deadlines.set(this.#retry, this.#context.nowMs + this.#context.options.retryMs);
  }

  #onUnanswered(): void {
    const head = this.#waiting.head;
    if (this.#congested) {
      this.#congested = false;
      this.#next();
      return;
    }
    if (head === undefined || this.#paused) return;
    const { options, metrics } = this.#context;
    if (this.#attempts >= options.retries) {
      metrics.retriesExhausted++;
      // Who is there and never answers REGISTER knows no such message: this one is given up, the session is not.
      if (this.#stage === 'registering' && this.#heard) this.#refused(head);
      else this.#stalled = true;
      return;
    }
    this.#attempts++;
    metrics.retransmissions++;
    switch (this.#stage) {
      case 'registering':
        this.#request({
          type: 'register',
          topicId: this.#topics.idOf(head.topicName),
          packetId: this.#packetId,
          topicName: head.topicName,
        });
        return;
      case 'publishing': {
        const topic = this.#topics.referenceFor(head.topicName);
        if (topic === null) {
          this.#stage = 'idle';
          this.#next();
          return;
        }
        const { qos, retain, payload } = head;
        head.dup = true;
        this.#request({ type: 'publish', dup: true, qos, retain, topic, packetId: this.#packetId, payload });
        return;
      }
      case 'releasing':
        this.#request({ type: 'pubrel', packetId: this.#packetId });
        return;
      case 'idle':
      case 'received':
        return;
    }
  }

  /** The client has no room: it is left alone for T_WAIT, or until it wakes. */
  #wait(): void {
    this.#stage = 'idle';
    this.#congested = true;
    this.#context.deadlines.set(this.#retry, this.#context.nowMs + this.#context.options.waitMs);
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
      this.#acknowledge(
        head.qos === 1 ? 'puback' : 'pubrec',
        head.upstreamId,
        ReasonCode.ImplementationSpecificError,
      );
    }
    this.#remove();
  }

  #done(): void {
    this.#stage = 'idle';
    this.#remove();
    this.#next();
  }

  #remove(): void {
    this.#context.deadlines.clear(this.#retry);
    this.#waiting.shift();
  }

  #answered(stage: Stage, packetId: number): Waiting | undefined {
    if (this.#stage !== stage || packetId !== this.#packetId) return undefined;
    this.#context.deadlines.clear(this.#retry);
    return this.#waiting.head;
  }

  #acknowledge(type: 'puback' | 'pubrec', packetId: number, reasonCode: ReasonCode): void {
    this.#toBroker({ type, packetId, reasonCode, properties: NO_PROPERTIES });
  }

  #pubcomp(packetId: number): void {
    this.#toBroker({ type: 'pubcomp', packetId, reasonCode: ReasonCode.Success, properties: NO_PROPERTIES });
  }
}
