import { Message } from '../publish/message.ts';
import type { Topic } from '../topics/topic-table.ts';
import type { DropReason } from './drop-reason.ts';
import { DROP_REASONS } from './drop-reason.ts';

/** Why messages did not arrive, as `Outcomes.latest` tells it: one row for equal drops that followed each other. */
export interface Drop {
  readonly reason: DropReason;
  /** The recipient; the publisher where the reason's row says so. */
  readonly clientId: string;
  readonly topicName: string;
  /** What caused it beyond its reason, such as the rule or the rate; empty if nothing is to be added. */
  readonly detail: string;
  readonly count: number;
  /** On the monotonic clock. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** What was dropped: a message, or what one can be made of now. */
export type Dropped = Message | { message(): Message };

/** Told of every drop, synchronously; it must not call back into the core, and must not throw. */
export type DropListener = (
  reason: DropReason,
  clientId: string,
  topicName: string,
  count: number,
  detail: string,
) => void;

/** Takes dropped messages themselves. It must not call back into the core, and must not throw. */
export interface DropCollector {
  wants(reason: DropReason): boolean;
  /** @param message null if it is not at hand */
  add(
    reason: DropReason,
    clientId: string,
    topicName: string,
    count: number,
    detail: string,
    message: Message | null,
  ): void;
}

export interface OutcomesOptions {
  /**
   * How many drops `latest` remembers, for each reason by itself, so that a flood of one kind does not wash away the
   * rare one that somebody looks for.
   * @default 128
   */
  readonly recentDropsPerReason?: number;
  readonly onDrop?: DropListener;
}

/**
 * The one place where every message ends, once for each recipient: delivered, or dropped for a reason. Metrics, the
 * events of the broker and the question "why did it not arrive?" are answered from here.
 *
 * Delivered means handed to the network at QoS 0, and acknowledged at QoS 1 and 2. Delivering costs one addition;
 * dropping costs one addition and one entry of a bounded ring, because drops come in floods.
 */
export class Outcomes {
  /** Messages delivered, once for each recipient. */
  deliveredCount = 0;
  /** The monotonic time that drops are noted with; set once for each turn. */
  nowMs = 0;

  /** Gets what is dropped. @default nobody */
  collector: DropCollector | null;
  readonly #counts: number[];
  readonly #rings: (DropRing | null)[];
  #recentDropsPerReason: number;
  readonly #onDrop: DropListener | null;

  constructor(options: OutcomesOptions = {}) {
    this.#recentDropsPerReason = options.recentDropsPerReason ?? 128;
    this.#onDrop = options.onDrop ?? null;
    this.collector = null;
    this.#counts = DROP_REASONS.map(() => 0);
    this.#rings = DROP_REASONS.map(() => null);
  }

  /** How many drops are remembered for each reason from now on: the latest. */
  set recentDropsPerReason(limit: number) {
    this.#recentDropsPerReason = limit;
    for (const ring of this.#rings) ring?.resize(limit);
  }

  delivered(count: number): void {
    this.deliveredCount += count;
  }

  /** Whether the messages themselves are wanted of what is dropped for this reason: asked where they are many. */
  wantsMessages(reason: DropReason): boolean {
    return this.collector?.wants(reason) === true;
  }

  /**
   * @param detail what caused it beyond the reason
   * @param dropped of one message, if it is at hand: it is made only if it is wanted
   */
  dropped(
    reason: DropReason,
    clientId: string,
    topic: Topic | string,
    count: number,
    detail = '',
    dropped: Dropped | null = null,
  ): void {
    this.#counts[reason]! += count;
    let ring = this.#rings[reason]!;
    if (ring === null) {
      ring = new DropRing(this.#recentDropsPerReason);
      this.#rings[reason] = ring;
    }
    ring.add(clientId, topic, count, detail, this.nowMs);
    if (this.#onDrop !== null) this.#onDrop(reason, clientId, nameOf(topic), count, detail);
    if (!this.wantsMessages(reason)) return;
    const message = dropped === null || dropped instanceof Message ? dropped : dropped.message();
    this.collector?.add(reason, clientId, nameOf(topic), count, detail, message);
  }

  /** Messages dropped for this reason. */
  droppedFor(reason: DropReason): number {
    return this.#counts[reason]!;
  }

  /** Messages dropped because a limit was reached: what a larger limit, or a faster reader, would have saved. */
  get droppedByLimits(): number {
    let sum = 0;
    for (const row of DROP_REASONS) if (row.kind === 'limit') sum += this.#counts[row.reason]!;
    return sum;
  }

  /** By the reasons' codes; every reason is there. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(DROP_REASONS.map((row) => [row.code, this.#counts[row.reason]!]));
  }

  /** The latest drops, oldest first, of one client or of all. */
  latest(clientId?: string): Drop[] {
    const drops: Drop[] = [];
    for (const row of DROP_REASONS) this.#rings[row.reason]?.collect(row.reason, clientId, drops);
    return drops.sort((a, b) => a.lastAtMs - b.lastAtMs);
  }
}

function nameOf(topic: Topic | string): string {
  return typeof topic === 'string' ? topic : topic.name;
}

/** One entry, reused when its turn comes round: noting a drop makes no garbage. */
class DropEntry {
  clientId = '';
  topic: Topic | string = '';
  detail = '';
  count = 0;
  firstAtMs = 0;
  lastAtMs = 0;
}

class DropRing {
  #limit: number;
  #entries: DropEntry[] = [];
  #last = -1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  resize(limit: number): void {
    const oldestFirst = [...this.#entries.slice(this.#last + 1), ...this.#entries.slice(0, this.#last + 1)];
    this.#limit = limit;
    this.#entries = limit === 0 ? [] : oldestFirst.slice(-limit);
    this.#last = this.#entries.length - 1;
  }

  add(clientId: string, topic: Topic | string, count: number, detail: string, nowMs: number): void {
    if (this.#limit === 0) return;
    const last = this.#entries[this.#last];
    if (last !== undefined && last.topic === topic && last.clientId === clientId && last.detail === detail) {
      last.count += count;
      last.lastAtMs = nowMs;
      return;
    }
    this.#last = (this.#last + 1) % this.#limit;
    if (this.#last === this.#entries.length) this.#entries.push(new DropEntry());
    const entry = this.#entries[this.#last]!;
    entry.clientId = clientId;
    entry.topic = topic;
    entry.detail = detail;
    entry.count = count;
    entry.firstAtMs = nowMs;
    entry.lastAtMs = nowMs;
  }

  collect(reason: DropReason, clientId: string | undefined, into: Drop[]): void {
    for (let i = 1; i <= this.#entries.length; i++) {
      const entry = this.#entries[(this.#last + i) % this.#entries.length]!;
      if (clientId !== undefined && entry.clientId !== clientId) continue;
      into.push({
        reason,
        clientId: entry.clientId,
        topicName: nameOf(entry.topic),
        detail: entry.detail,
        count: entry.count,
        firstAtMs: entry.firstAtMs,
        lastAtMs: entry.lastAtMs,
      });
    }
  }
}
