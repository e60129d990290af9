/** What one step of the examination has found: for people in plain words, and as data. */

export type FindingKind = 'good' | 'warning' | 'bad';

export interface Finding {
  /** The step: `name`, `TCP`, `certificate`. */
  readonly step: string;
  readonly kind: FindingKind;
  /** What was found. */
  readonly text: string;
  /** What to do about it, in plain words; for everything that is not good. */
  readonly advice?: string;
  /** How long the step took, in ms. */
  readonly tookMs?: number;
}

/** Collects what is found, and shows each at once. */
export class Findings {
  readonly #all: Finding[] = [];
  readonly #show: (finding: Finding) => void;

  constructor(show: (finding: Finding) => void) {
    this.#show = show;
  }

  get all(): readonly Finding[] {
    return this.#all;
  }

  get isHealthy(): boolean {
    return this.#all.every(({ kind }) => kind !== 'bad');
  }

  good(step: string, text: string, tookMs?: number): void {
    this.#add({ step, kind: 'good', text, ...timed(tookMs) });
  }

  warning(step: string, text: string, advice: string, tookMs?: number): void {
    this.#add({ step, kind: 'warning', text, advice, ...timed(tookMs) });
  }

  bad(step: string, text: string, advice: string, tookMs?: number): void {
    this.#add({ step, kind: 'bad', text, advice, ...timed(tookMs) });
  }

  #add(finding: Finding): void {
    this.#all.push(finding);
    this.#show(finding);
  }
}

/** A tenth of a millisecond is as much as can be told from the noise. */
function timed(tookMs: number | undefined): { readonly tookMs?: number } {
  return tookMs === undefined ? {} : { tookMs: Math.round(tookMs * 10) / 10 };
}
