/** What the broker's process and this one take during a run, sample by sample. */
import type { ProcessUsage } from './process-usage.ts';

export interface UsageSample {
  /** Since the run began. */
  readonly atMs: number;
  readonly brokerCpuMs: number | null;
  readonly brokerMemoryBytes: number | null;
  readonly generatorCpuMs: number;
}

/** Where the samples come from. */
export interface UsageSources {
  nowMs(): number;
  /** Null when it cannot be known. */
  broker(): Partial<ProcessUsage> | null;
  generatorCpuMs(): number;
}

/** Samples that are kept; of a longer run every second one is dropped, again and again. */
const KEPT_SAMPLES = 2000;

export class ProcessSampler {
  readonly #sources: UsageSources;
  #startMs: number;
  #samples: UsageSample[];
  #stride: number;
  #skipped: number;

  constructor(sources: UsageSources) {
    this.#sources = sources;
    this.#startMs = Number.NaN;
    this.#samples = [];
    this.#stride = 1;
    this.#skipped = 0;
  }

  get samples(): readonly UsageSample[] {
    return this.#samples;
  }

  /** The run begins, now or soon. */
  begin(startMs: number): void {
    this.#startMs = startMs;
    this.#samples = [];
    this.#take();
  }

  /** Nothing before the run begins. */
  sample(): void {
    if (Number.isNaN(this.#startMs)) return;
    this.#skipped++;
    if (this.#skipped < this.#stride) return;
    this.#skipped = 0;
    this.#take();
    if (this.#samples.length <= KEPT_SAMPLES) return;
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  /** CPU time between two moments, in ms; null when it is not known. */
  cpuMs(of: 'brokerCpuMs' | 'generatorCpuMs', fromMs: number, toMs: number): number | null {
    const from = this.#at(of, fromMs);
    const to = this.#at(of, toMs);
    return from === null || to === null ? null : Math.max(0, to - from);
  }

  /** Between the samples around a moment, in proportion. */
  #at(of: 'brokerCpuMs' | 'generatorCpuMs', atMs: number): number | null {
    const known = this.#samples.filter((sample) => sample[of] !== null);
    const after = known.findIndex((sample) => sample.atMs >= atMs);
    const next = after < 0 ? known.at(-1) : known[after];
    const previous = known[Math.max(0, (after < 0 ? known.length : after) - 1)];
    if (next === undefined || previous === undefined) return null;
    const spanMs = next.atMs - previous.atMs;
    const share = spanMs <= 0 ? 1 : Math.max(0, Math.min(1, (atMs - previous.atMs) / spanMs));
    return previous[of]! + (next[of]! - previous[of]!) * share;
  }

  #take(): void {
    const usage = this.#sources.broker();
    this.#samples.push({
      atMs: this.#sources.nowMs() - this.#startMs,
      brokerCpuMs: usage?.cpuMs ?? null,
      brokerMemoryBytes: usage?.memoryBytes ?? null,
      generatorCpuMs: this.#sources.generatorCpuMs(),
    });
  }
}
