/** One subscriber of a run: looks at the number and the time in each message that comes. */
import type { Message } from '@martlet/client';
import type { BenchPlan } from './bench-plan.ts';
import { isFor } from './bench-plan.ts';
import type { DeliveryCredits } from './delivery-credits.ts';
import type { ReceiverReport } from './delivery-proof.ts';
import type { LoadMeter } from './load-meter.ts';
import { intendedUsOf, isOfRun, isWhole, publisherOf, sequenceOf } from './message-header.ts';
import { ReceivedStream } from './received-stream.ts';
import type { SeenSequences } from './seen-sequences.ts';

/** What a receiver has of its thread. */
export interface ReceiverHost {
  readonly meter: LoadMeter;
  /** Null where nobody waits for deliveries. */
  readonly credits: DeliveryCredits | null;
  nowUs(): number;
  /** A message of a publisher has come. */
  onDelivered(publisher: number): void;
  /** What the members of the group have in common, where they share the work; else null. */
  readonly group: ((publisher: number) => SeenSequences) | null;
}

export class LoadReceiver {
  readonly index: number;
  /** It was there from the beginning, and still is. */
  isWhole: boolean;
  readonly #plan: BenchPlan;
  readonly #host: ReceiverHost;
  readonly #streams: (ReceivedStream | undefined)[];

  constructor(index: number, plan: BenchPlan, host: ReceiverHost) {
    this.index = index;
    this.isWhole = false;
    this.#plan = plan;
    this.#host = host;
    this.#streams = [];
  }

  /** Called for every message that the subscription brings. */
  receive({ payload }: Pick<Message, 'payload'>): void {
    const { meter, credits } = this.#host;
    const nowUs = this.#host.nowUs();
    // What takes a retained message of the run away again.
    if (payload.length === 0 && this.#plan.retain) return;
    meter.at(nowUs);
    const publisher = isOfRun(payload, this.#plan.runId) ? publisherOf(payload) : -1;
    if (publisher < 0 || !isFor(this.#plan, publisher, this.index)) {
      meter.counts.foreign++;
      return;
    }
    if (!isWhole(payload, this.#plan.payloadBytes)) meter.counts.altered++;
    if (!this.#recorderOf(publisher).receive(sequenceOf(payload))) return;
    meter.onDelivered(nowUs, intendedUsOf(payload), payload.length);
    credits?.add(publisher);
    this.#host.onDelivered(publisher);
  }

  report(): ReceiverReport {
    const streams = this.#streams.filter((stream) => stream !== undefined);
    return { index: this.index, isWhole: this.isWhole, streams: streams.map((stream) => stream.report()) };
  }

  #recorderOf(publisher: number): ReceivedStream | SeenSequences {
    const { group } = this.#host;
    if (group !== null) return group(publisher);
    const known = this.#streams[publisher];
    if (known !== undefined) return known;
    const stream = new ReceivedStream(publisher);
    this.#streams[publisher] = stream;
    return stream;
  }
}
