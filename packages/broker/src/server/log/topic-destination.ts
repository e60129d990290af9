/**
 * The log as messages: `$SYS/broker/log/{E,W,N,I,D}`, and `$SYS/broker/log/M/{subscribe,unsubscribe}`, where Mosquitto has
 * them. Lines are published when the turn in which they were written is over, so that the log never calls the broker back.
 */
import type { LogLevel } from '../../core/ports/log.ts';
import type { LogDestination } from './log-destination.ts';
import type { LogEntry } from './log-entry.ts';
import { logTypeOf } from './log-entry.ts';
import type { LineStyle } from './log-line.ts';
import { logLine } from './log-line.ts';

export const LOG_TOPIC_PREFIX = '$SYS/broker/log/';

/** Lines that wait for the end of a turn; what is more is lost, and counted. */
const MAXIMUM_WAITING = 1000;

const LETTER: Readonly<Record<LogLevel, string>> = {
  error: 'E',
  warning: 'W',
  notice: 'N',
  info: 'I',
  debug: 'D',
};

export interface TopicWorld {
  publish(topicName: string, text: string): void;
  soon(callback: () => void): void;
}

export class TopicDestination implements LogDestination {
  readonly #style: LineStyle;
  readonly #world: TopicWorld;
  #waiting: LogEntry[];
  #lost: number;
  #isPublishing: boolean;

  constructor(style: LineStyle, world: TopicWorld) {
    this.#style = style;
    this.#world = world;
    this.#waiting = [];
    this.#lost = 0;
    this.#isPublishing = false;
  }

  write(entry: LogEntry): void {
    // A line about a line would be followed by another one, for ever.
    if (this.#isPublishing || entry.text.includes(LOG_TOPIC_PREFIX)) return;
    // Mosquitto publishes none of these: its clients would get a line for every packet that they get.
    if (this.#style.format === 'mosquitto' && topicFor(entry).endsWith('/D')) return;
    if (this.#waiting.length >= MAXIMUM_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(entry);
    if (this.#waiting.length === 1) this.#world.soon(() => this.#publish());
  }

  reopen(): void {}

  close(): Promise<void> {
    this.#waiting = [];
    return Promise.resolve();
  }

  #publish(): void {
    const entries = this.#waiting;
    this.#waiting = [];
    this.#isPublishing = true;
    for (const entry of entries) this.#world.publish(topicFor(entry), logLine(entry, this.#style));
    const last = entries.at(-1);
    if (this.#lost > 0 && last !== undefined) {
      const text = `${this.#lost} lines were lost: there were too many at a time`;
      this.#lost = 0;
      const told: LogEntry = { ...last, level: 'warning', code: 'log-lines-lost', text };
      this.#world.publish(topicFor(told), logLine(told, this.#style));
    }
    this.#isPublishing = false;
  }
}

function topicFor(entry: LogEntry): string {
  const type = logTypeOf(entry);
  const last = type === 'subscribe' || type === 'unsubscribe' ? `M/${type}` : LETTER[entry.level];
  return `${LOG_TOPIC_PREFIX}${last}`;
}
