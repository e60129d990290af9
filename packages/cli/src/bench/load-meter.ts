/**
 * What one thread counts, in ticks of a quarter of a second of the run's time: every count belongs to the tick in which it
 * happened, however late it is told.
 */
import type { HistogramPart } from './latency-histogram.ts';
import { LatencyHistogram } from './latency-histogram.ts';

export const TICK_MS = 250;
const TICK_US = TICK_MS * 1000;

export interface LoadCounts {
  /** Connections that were made; those that were lost. */
  connected: number;
  lostConnections: number;
  sent: number;
  /** Answers of the server: CONNACK, PUBACK, PUBCOMP, SUBACK. */
  answered: number;
  /** Messages that were refused, or failed in another way. */
  failed: number;
  delivered: number;
  deliveredBytes: number;
  foreign: number;
  altered: number;
  /** Sent more than a millisecond late because this thread was busy. */
  late: number;
  /** Sent more than a millisecond late because too much waited to be answered. */
  heldBack: number;
  /** How often a closed loop gave up waiting for deliveries. */
  stalls: number;
}

/** A tick of one thread. */
export interface LoadTick extends LoadCounts {
  /** 0 for the first quarter of a second of the run. */
  readonly tick: number;
  readonly deliveryUs: HistogramPart | null;
  readonly answerUs: HistogramPart | null;
  /** How long the thread neither slept nor waited since the tick before, of how long, in µs. */
  readonly busyUs: number;
  readonly passedUs: number;
  /** When something last happened, in µs since the phase began; 0 if nothing has. */
  readonly lastUs: number;
}

const NOTHING: Readonly<LoadCounts> = {
  connected: 0,
  lostConnections: 0,
  sent: 0,
  answered: 0,
  failed: 0,
  delivered: 0,
  deliveredBytes: 0,
  foreign: 0,
  altered: 0,
  late: 0,
  heldBack: 0,
  stalls: 0,
};

export function noCounts(): LoadCounts {
  return { ...NOTHING };
}

/** How much of a stretch of time a thread was at work. */
export interface BusyTime {
  readonly busyUs: number;
  readonly passedUs: number;
}

export class LoadMeter {
  /** Of the tick under way; whoever adds to it has called `at` before. */
  counts: LoadCounts;
  readonly #delivery: LatencyHistogram;
  readonly #answer: LatencyHistogram;
  readonly #onTick: (tick: LoadTick) => void;
  readonly #busySince: () => BusyTime;
  #tick: number;
  #nextUs: number;
  #lastUs: number;
  /** Messages that were to be sent before are not measured. */
  #measuredFromUs: number;

  /**
   * @param onTick told of each tick that is over and in which something happened
   * @param busySince how busy the thread was since it was last asked
   */
  constructor(onTick: (tick: LoadTick) => void, busySince: () => BusyTime) {
    this.counts = noCounts();
    this.#delivery = new LatencyHistogram();
    this.#answer = new LatencyHistogram();
    this.#onTick = onTick;
    this.#busySince = busySince;
    this.#tick = 0;
    this.#nextUs = TICK_US;
    this.#lastUs = 0;
    this.#measuredFromUs = 0;
  }

  /** Another phase begins, with a time of its own. */
  begin(measuredFromUs: number): void {
    this.counts = noCounts();
    this.#delivery.take();
    this.#answer.take();
    this.#busySince();
    this.#tick = 0;
    this.#nextUs = TICK_US;
    this.#lastUs = 0;
    this.#measuredFromUs = measuredFromUs;
  }

  /** Called with the time before anything is counted. */
  at(nowUs: number): void {
    if (nowUs >= this.#nextUs) this.#tell(nowUs);
  }

  /** Something was sent. */
  onSent(nowUs: number): void {
    this.at(nowUs);
    this.#lastUs = nowUs;
    this.counts.sent++;
  }

  /** A message came. */
  onDelivered(nowUs: number, intendedUs: number, bytes: number): void {
    this.at(nowUs);
    this.#lastUs = nowUs;
    this.counts.delivered++;
    this.counts.deliveredBytes += bytes;
    if (intendedUs >= this.#measuredFromUs) this.#delivery.record(nowUs - intendedUs);
  }

  /** The server answered. */
  onAnswered(nowUs: number, intendedUs: number): void {
    this.at(nowUs);
    this.#lastUs = nowUs;
    this.counts.answered++;
    if (intendedUs >= this.#measuredFromUs) this.#answer.record(nowUs - intendedUs);
  }

  /** Tells what there is of the tick under way. */
  flush(nowUs: number): void {
    this.at(nowUs);
    this.#emit();
  }

  #tell(nowUs: number): void {
    this.#emit();
    this.#tick = Math.floor(nowUs / TICK_US);
    this.#nextUs = (this.#tick + 1) * TICK_US;
  }

  #emit(): void {
    const { counts } = this;
    this.counts = noCounts();
    this.#onTick({
      ...counts,
      tick: this.#tick,
      deliveryUs: this.#delivery.take(),
      answerUs: this.#answer.take(),
      ...this.#busySince(),
      lastUs: this.#lastUs,
    });
  }
}
