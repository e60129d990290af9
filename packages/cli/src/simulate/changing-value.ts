/** A value of one device, which goes on from one message to the next. Chance and time come from outside. */
import type { ValueSpec } from './scenario.ts';

export class ChangingValue {
  readonly #spec: ValueSpec;
  readonly #random: () => number;
  /** Where drift and counter are. */
  #at: number;
  /** So that a hundred devices are not one wave. */
  readonly #phase: number;

  /** @param random at least 0, below 1 */
  constructor(spec: ValueSpec, random: () => number) {
    this.#spec = spec;
    this.#random = random;
    this.#at = spec.kind === 'drift' || spec.kind === 'counter' ? spec.start : 0;
    this.#phase = random();
  }

  /** What is published next. @param elapsedMs since the simulation began */
  next(elapsedMs: number): string {
    const spec = this.#spec;
    const random = this.#random;
    if (spec.kind === 'choice') return spec.of[Math.floor(random() * spec.of.length)]!;
    const noise = spec.noise === 0 ? 0 : (random() * 2 - 1) * spec.noise;
    const text = (this.#number(elapsedMs) + noise).toFixed(spec.digits);
    // What rounds to nothing has no sign.
    return Number(text) === 0 ? text.replace('-', '') : text;
  }

  #number(elapsedMs: number): number {
    const spec = this.#spec;
    const random = this.#random;
    switch (spec.kind) {
      case 'drift': {
        const now = this.#at;
        this.#at = Math.min(spec.max, Math.max(spec.min, now + (random() * 2 - 1) * spec.step));
        return now;
      }
      case 'counter': {
        const now = this.#at;
        this.#at += spec.step;
        return now;
      }
      case 'wave':
        return spec.mean + spec.amplitude * Math.sin(2 * Math.PI * (elapsedMs / spec.periodMs + this.#phase));
      case 'uniform':
        return spec.min + random() * (spec.max - spec.min);
      default:
        return 0;
    }
  }
}
