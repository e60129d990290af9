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

  constructor({ stderr, nowMs }: CommandIo, isQuiet: boolean) {
    this.#nowMs = nowMs;
    if (stderr.isTTY === true && !isQuiet)
      this.#bar = new ProgressBar(stderr, textStyleFor(stderr as NodeJS.WriteStream), 'Publishing', nowMs);
  }

  /** @param published messages so far */
  show({ done, total, noun }: SourceProgress, published: number): void {
    const nowMs = this.#nowMs();
    this.#startMs ??= nowMs;
    if (total === 0 || total === 1) return;
    const elapsedMs = nowMs - this.#startMs;
    if (elapsedMs > 0)
      this.#bar?.show(
        done,
        total,
        noun,
        `${rateText(published, elapsedMs)}, ${leftText(elapsedMs, done, total)}`,
      );
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
  if (done === 0) return '';
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
