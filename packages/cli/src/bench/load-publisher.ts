/**
 * One publisher of a run. In an open loop it sends what is due by the schedule, and stamps each message with the time at
 * which it was to be sent; in a closed loop it keeps so many messages under way. Either way no more wait to be answered than
 * a limit, which bounds the memory.
 */
import type { PublishOptions } from '@martlet/client';
import type { BenchPlan } from './bench-plan.ts';
import { copiesOf, countOf, endUsOf, topicsOf } from './bench-plan.ts';
import type { DeliveryCredits } from './delivery-credits.ts';
import type { PublisherReport } from './delivery-proof.ts';
import type { LoadMeter } from './load-meter.ts';
import { blankPayload, writeHeader } from './message-header.ts';
import { SendSchedule } from './send-schedule.ts';
import { SequenceRanges } from './sequence-ranges.ts';

/** What a publisher needs of the client. */
export interface PublishingClient {
  /** @throws when it takes no more messages, now or ever */
  publish(
    topicName: string,
    payload: Uint8Array,
    options: PublishOptions,
  ): { readonly sent: Promise<unknown>; readonly acknowledged: Promise<unknown> };
}

/** What a publisher has of its thread. */
export interface PublisherHost {
  readonly meter: LoadMeter;
  /** Null: what was delivered does not pace the publisher. */
  readonly credits: DeliveryCredits | null;
  nowUs(): number;
  /** Something was answered: there may be room for the next. */
  onAnswered(publisher: LoadPublisher): void;
  /** A message failed. Not told of those that the end of the run left unanswered. */
  onFailed(error: unknown): void;
}

/** In an open loop: messages of one publisher that may wait to be answered, and their bytes. */
const OPEN_LIMIT = 5000;
const OPEN_LIMIT_BYTES = 32 * 1_048_576;
/** Of a message beside its payload, about. */
const MESSAGE_BYTES = 300;
/** What is sent later than this counts as late. */
const LATE_US = 1000;
/** Ticks without any delivery after which a closed loop waits no longer. */
const STUCK_TICKS = 8;

export class LoadPublisher {
  readonly index: number;
  readonly #client: PublishingClient;
  readonly #plan: BenchPlan;
  readonly #host: PublisherHost;
  readonly #schedule: SendSchedule | null;
  readonly #topics: readonly string[];
  readonly #options: PublishOptions;
  readonly #blank: Uint8Array;
  readonly #limit: number;
  readonly #count: number;
  readonly #endUs: number;
  readonly #copies: number;
  readonly #unpromised: SequenceRanges;
  #sent: number;
  /** Not yet answered: by the server, or at QoS 0 by the network. */
  #unanswered: number;
  #isOver: boolean;
  #isClosing: boolean;
  /** When there was room again; what was to be sent before that is not late but was held back. */
  #freeSinceUs: number;
  #isBlocked: boolean;
  /** Deliveries that are no longer waited for. */
  #forgiven: number;
  #stuckTicks: number;
  #lastDelivered: number;

  constructor(index: number, client: PublishingClient, plan: BenchPlan, host: PublisherHost) {
    const { rate, payloadBytes, qos, retain } = plan;
    this.index = index;
    this.#client = client;
    this.#plan = plan;
    this.#host = host;
    this.#schedule = rate === null ? null : new SendSchedule(rate, plan.publishers);
    this.#topics = topicsOf(plan, index);
    this.#options = { qos, retain };
    this.#blank = blankPayload(payloadBytes);
    const openLimit = Math.floor(OPEN_LIMIT_BYTES / (payloadBytes + MESSAGE_BYTES));
    this.#limit = rate === null ? plan.inFlight : Math.max(1, Math.min(OPEN_LIMIT, openLimit));
    this.#count = countOf(plan, index);
    this.#endUs = endUsOf(plan);
    this.#copies = copiesOf(plan);
    this.#unpromised = new SequenceRanges();
    this.#sent = 0;
    this.#unanswered = 0;
    this.#isOver = this.#count === 0;
    this.#isClosing = false;
    this.#freeSinceUs = 0;
    this.#isBlocked = false;
    this.#forgiven = 0;
    this.#stuckTicks = 0;
    this.#lastDelivered = 0;
  }

  get sent(): number {
    return this.#sent;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  /** It sends no more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** When the next message is to be sent, in an open loop; Infinity while there is no room for it. */
  get nextDueUs(): number {
    if (this.#isOver || this.#isBlocked) return Number.POSITIVE_INFINITY;
    return this.#schedule!.intendedUs(this.index, this.#sent);
  }

  /** Sends what is due, or what there is room for. Returns how many those were. */
  send(nowUs: number): number {
    if (this.#isOver || nowUs < 0) return 0;
    if (this.#schedule === null && nowUs >= this.#endUs) {
      this.#isOver = true;
      return 0;
    }
    const last = this.#lastDue(nowUs);
    const first = this.#sent;
    let room = this.#room();
    if (this.#isBlocked && room > 0) {
      this.#isBlocked = false;
      this.#freeSinceUs = nowUs;
    }
    let publication: ReturnType<PublishingClient['publish']> | undefined;
    while (this.#sent < last && room > 0) {
      publication = this.#publish(nowUs);
      if (publication === undefined) return this.#sent - first;
      room--;
    }
    if (publication !== undefined && this.#plan.qos === 0) {
      void this.#settle(publication.sent, first, this.#sent - first, -1);
    }
    this.#isBlocked = this.#sent < last && room <= 0;
    if (this.#sent >= this.#count || (this.#schedule !== null && nowUs >= this.#endUs)) this.#isOver = true;
    return this.#sent - first;
  }

  /** Sends no more. */
  stop(): void {
    this.#isOver = true;
  }

  /** From now on what is not answered has failed by the end of the run, and not by itself. */
  close(): void {
    this.#isOver = true;
    this.#isClosing = true;
  }

  /** Called once in each tick: in a closed loop, what does not come is waited for only so long. */
  onTick(): void {
    const { credits, meter } = this.#host;
    if (credits === null || credits.isGivenUp || this.#isOver) return;
    const delivered = credits.of(this.index);
    const isStuck = this.#isBlocked && this.#unanswered < this.#limit && delivered === this.#lastDelivered;
    this.#lastDelivered = delivered;
    this.#stuckTicks = isStuck ? this.#stuckTicks + 1 : 0;
    if (this.#stuckTicks < STUCK_TICKS) return;
    this.#stuckTicks = 0;
    this.#forgiven = (this.#forgiven + this.#undelivered()) | 0;
    meter.counts.stalls++;
    this.#host.onAnswered(this);
  }

  report(): PublisherReport {
    return {
      index: this.index,
      sent: this.#sent,
      unpromised: this.#unpromised.ranges,
      unpromisedUnknown: this.#unpromised.givenUp,
    };
  }

  /** Messages that were to be sent by a time and were not. */
  behind(nowUs: number): number {
    return Math.max(0, this.#lastDue(nowUs) - this.#sent);
  }

  /** One above the last number that may be sent by now. */
  #lastDue(nowUs: number): number {
    if (this.#schedule === null) return this.#count;
    return Math.min(this.#count, this.#schedule.due(this.index, Math.min(nowUs, this.#endUs - 1)));
  }

  #room(): number {
    const unanswered = this.#limit - this.#unanswered;
    const { credits } = this.#host;
    if (credits === null || credits.isGivenUp) return unanswered;
    return Math.min(unanswered, this.#limit - Math.ceil(this.#undelivered() / this.#copies));
  }

  /** Deliveries that are still waited for. Counts go round at 32 bits, their difference is right. */
  #undelivered(): number {
    const delivered = this.#host.credits!.of(this.index);
    return Math.max(0, (Math.imul(this.#sent, this.#copies) - delivered - this.#forgiven) | 0);
  }

  /** Undefined when the client takes no more. */
  #publish(nowUs: number): ReturnType<PublishingClient['publish']> | undefined {
    const { meter } = this.#host;
    const sequence = this.#sent;
    const intendedUs = this.#schedule?.intendedUs(this.index, sequence) ?? Math.max(0, Math.round(nowUs));
    const payload = this.#blank.slice();
    writeHeader(payload, this.#plan.runId, this.index, sequence, intendedUs);
    const topicName = this.#topics[sequence % this.#topics.length]!;
    let publication: ReturnType<PublishingClient['publish']>;
    try {
      publication = this.#client.publish(topicName, payload, this.#options);
    } catch (error) {
      meter.counts.failed++;
      this.#isOver = true;
      this.#host.onFailed(error);
      return undefined;
    }
    this.#sent++;
    this.#unanswered++;
    meter.onSent(nowUs);
    if (nowUs - intendedUs > LATE_US) {
      if (intendedUs < this.#freeSinceUs) meter.counts.heldBack++;
      else meter.counts.late++;
    }
    if (this.#plan.qos > 0) void this.#settle(publication.acknowledged, sequence, 1, intendedUs);
    return publication;
  }

  /** @param intendedUs below 0 for messages that the server does not answer */
  async #settle(answer: Promise<unknown>, first: number, count: number, intendedUs: number): Promise<void> {
    const { meter } = this.#host;
    try {
      await answer;
      if (intendedUs >= 0) meter.onAnswered(this.#host.nowUs(), intendedUs);
    } catch (error) {
      for (let number = first; number < first + count; number++) this.#unpromised.add(number);
      if (!this.#isClosing) {
        meter.counts.failed += count;
        this.#host.onFailed(error);
      }
    }
    this.#unanswered -= count;
    this.#host.onAnswered(this);
  }
}
