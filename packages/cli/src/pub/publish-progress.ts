/** How far long input is, on a terminal: a bar with the rate and the time left. */
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { ProgressBar } from '../progress-bar.ts';
import { textStyleFor } from '../text-style.ts';
import type { SourceProgress } from './message-source.ts';

/** What takes less is over before anybody reads how long it took, in ms. */
const SUMMARY_AFTER_MS = 2000;

export class PublishProgress {
  readonly #bar: ProgressBar | undefined;
  readonly #nowMs: () => number;
  #startMs: number | undefined;
  /** Where the messages begin that were read last, and where they end. */
  #from = 0;
  #to: SourceProgress = { done: 0, total: 0 };
  /** How many they are, and how many had been published before them. */
  #messages = 0;
  #publishedBefore = 0;

  constructor({ stderr, nowMs }: CommandIo, isHidden: boolean) {
    this.#nowMs = nowMs;
    if (stderr.isTTY === true && !isHidden)
      this.#bar = new ProgressBar(stderr, textStyleFor(stderr as NodeJS.WriteStream), 'Publishing', nowMs);
  }

  /** Time counts from now on. */
  start(): void {
    this.#startMs = this.#nowMs();
  }

  /**
   * Messages were read. They may be all that the input has, and take hours: only what is published counts.
   *
   * @param to how far the source is behind them
   * @param published messages before them
   */
  read(messages: number, to: SourceProgress, published: number): void {
    this.#from = this.#to.done;
    this.#to = to;
    this.#messages = messages;
    this.#publishedBefore = published;
  }

  /** @param published messages so far */
  show(published: number): void {
    const { done: end, total, noun } = this.#to;
    if (this.#bar === undefined || this.#startMs === undefined || total <= 1) return;
    const elapsedMs = this.#nowMs() - this.#startMs;
    if (elapsedMs <= 0) return;
    const share = this.#messages === 0 ? 1 : (published - this.#publishedBefore) / this.#messages;
    const done = Math.round(this.#from + (end - this.#from) * share);
    const rate = rateText(published, elapsedMs);
    this.#bar.show(done, total, noun, done === 0 ? rate : `${rate}, ${leftText(elapsedMs, done, total)}`);
  }

  /** Takes it off the terminal until it is shown again. */
  hide(): void {
    this.#bar?.end();
  }

  end(): void {
    this.#bar?.end();
  }

  /** For whoever has watched. */
  tellSummary(published: number, tell: (text: string) => void): void {
    if (this.#bar === undefined || this.#startMs === undefined) return;
    const elapsedMs = this.#nowMs() - this.#startMs;
    if (elapsedMs < SUMMARY_AFTER_MS) return;
    tell(
      `${counted(published, 'message')} in ${durationText(elapsedMs)} (${rateText(published, elapsedMs)})`,
    );
  }
}

function rateText(messages: number, elapsedMs: number): string {
  const rate = messages / (elapsedMs / 1000);
  return `${rate.toLocaleString('en-US', { maximumFractionDigits: rate < 10 ? 1 : 0 })}/s`;
}

function leftText(elapsedMs: number, done: number, total: number): string {
  return `${durationText((elapsedMs * (total - done)) / done)} left`;
}

/** Such as `4 s`, `3 min 20 s`, `2 h 05 min`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
