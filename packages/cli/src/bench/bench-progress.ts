/** How a run goes, in one line that is drawn over itself on a terminal; nothing elsewhere. */
import type { ProgressTerminal } from '../progress-bar.ts';
import { barText } from '../progress-bar.ts';
import type { TextStyle } from '../text-style.ts';
import type { BenchPlan } from './bench-plan.ts';
import { connectionsOf, copiesOf } from './bench-plan.ts';
import type { RunProgress } from './bench-run.ts';
import { countText, durationText, rateText } from './figure-text.ts';

const ERASE_LINE = '\r\u001b[K';
const BAR_COLUMNS = 20;
/** Between two drawings of a phase, in ms; a little less than the pause between two looks. */
const REDRAWN_AFTER_MS = 240;
/** How far the rate looks back, in drawings. */
const LOOKS_BACK = 4;

interface Seen {
  readonly elapsedMs: number;
  readonly count: number;
}

export class BenchProgress {
  readonly #terminal: ProgressTerminal;
  readonly #style: TextStyle;
  readonly #plan: BenchPlan;
  #seen: readonly Seen[];
  #phase: RunProgress['phase'] | null;
  #drawnMs: number;
  #isDrawn: boolean;

  constructor(terminal: ProgressTerminal, style: TextStyle, plan: BenchPlan) {
    this.#terminal = terminal;
    this.#style = style;
    this.#plan = plan;
    this.#seen = [];
    this.#phase = null;
    this.#drawnMs = Number.NEGATIVE_INFINITY;
    this.#isDrawn = false;
  }

  show(progress: RunProgress): void {
    if (this.#terminal.isTTY !== true) return;
    const isNew = progress.phase !== this.#phase;
    if (!isNew && progress.elapsedMs - this.#drawnMs < REDRAWN_AFTER_MS) return;
    if (isNew && progress.phase !== 'measuring') this.#seen = [];
    this.#phase = progress.phase;
    this.#drawnMs = progress.elapsedMs;
    const { bar, text } = this.#lineOf(progress);
    const columns = this.#terminal.columns || 80;
    const head = `${progress.phase}  `;
    const hasBar = bar !== '' && head.length + BAR_COLUMNS + 2 + text.length < columns;
    const line = `${head}${hasBar ? `${bar}  ` : ''}${text}`;
    // A line that is broken could not be drawn over.
    const shown = hasBar ? line : line.slice(0, columns - 1);
    this.#terminal.write(`${ERASE_LINE}${shown}`);
    this.#isDrawn = true;
  }

  /** Takes it off the terminal. */
  end(): void {
    if (this.#isDrawn) this.#terminal.write(ERASE_LINE);
    this.#isDrawn = false;
  }

  #lineOf({ phase, record, elapsedMs }: RunProgress): { readonly bar: string; readonly text: string } {
    const plan = this.#plan;
    if (phase === 'connecting' || phase === 'subscribing') {
      const { connected } = record.totals;
      const all = connectionsOf(plan);
      return {
        bar: this.#bar(connected / all),
        text: `${countText(connected)} of ${countText(all)} connections`,
      };
    }
    const { sent, answered, delivered, lostConnections } = record.totals;
    if (phase === 'waiting for the last') {
      const wanted = sent * Math.max(1, copiesOf(plan));
      const done = copiesOf(plan) > 0 ? delivered : answered;
      return {
        bar: this.#bar(done / Math.max(1, wanted)),
        text: `${countText(done)} of ${countText(wanted)}`,
      };
    }
    const count = delivered > 0 ? delivered : plan.qos > 0 || plan.idle > 0 ? answered : sent;
    const totalMs = plan.warmUpMs + plan.durationMs;
    const share = Math.max(elapsedMs / totalMs, plan.count === null ? 0 : sent / plan.count);
    const parts = plan.scenario === 'connections' ? [] : [rateText(this.#rate(elapsedMs, count))];
    const latency = record.delivery.count > 0 ? record.delivery : record.answer;
    if (latency.count > 0) {
      const [p50, p99] = [50, 99].map((percentile) => durationText(latency.percentileUs(percentile) / 1000));
      parts.push(`p50 ${p50}, p99 ${p99}`);
    }
    if (lostConnections > 0) parts.push(`${countText(lostConnections)} connections lost`);
    const leftMs = Math.max(0, totalMs - elapsedMs);
    parts.push(`${Math.ceil(leftMs / 1000)} s left`);
    return { bar: this.#bar(share), text: parts.join('  ') };
  }

  #bar(share: number): string {
    return barText(Math.max(0, Math.min(1, share)), BAR_COLUMNS, this.#style);
  }

  /** Over the last second. */
  #rate(elapsedMs: number, count: number): number {
    this.#seen = [...this.#seen, { elapsedMs, count }].slice(-(LOOKS_BACK + 1));
    const first = this.#seen[0]!;
    const passedMs = elapsedMs - first.elapsedMs;
    return passedMs <= 0 ? 0 : ((count - first.count) / passedMs) * 1000;
  }
}
