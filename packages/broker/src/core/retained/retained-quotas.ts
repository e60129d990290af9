/**
 * What may be retained under topics: how many messages and bytes are, for each quota, and whether one more may be. All quotas that
 * a topic name is under hold for it.
 */
import type { RetainedQuota } from '../options/profile.ts';

interface Counted {
  readonly quota: RetainedQuota;
  /** Without a slash at the end. */
  readonly prefix: string;
  messages: number;
  bytes: number;
}

export class RetainedQuotas {
  #counted: readonly Counted[];

  constructor(quotas: readonly RetainedQuota[]) {
    this.#counted = countedBy(quotas);
  }

  /**
   * Other ones. What is retained is counted anew.
   * @param visit shows each message that is retained under a topic filter
   */
  reconfigure(
    quotas: readonly RetainedQuota[],
    visit: (topicFilter: string, count: (bytes: number) => void) => void,
  ): void {
    this.#counted = countedBy(quotas);
    for (const counted of this.#counted) {
      visit(`${counted.prefix}/#`, (bytes) => {
        counted.messages++;
        counted.bytes += bytes;
      });
    }
  }

  /** Nothing needs to be counted. */
  get isEmpty(): boolean {
    return this.#counted.length === 0;
  }

  /** So many messages more, or fewer, are retained for the topic, and so many bytes. */
  count(topicName: string, messages: number, bytes: number): void {
    for (const counted of this.#counted) {
      if (!isUnder(topicName, counted.prefix)) continue;
      counted.messages += messages;
      counted.bytes += bytes;
    }
  }

  /**
   * Why the topic may not have so many messages and bytes more; null if it may.
   * @returns for people, such as `10 messages are retained under sensors, as many as may be`
   */
  refusal(topicName: string, messages: number, bytes: number): string | null {
    for (const { quota, prefix, messages: held, bytes: heldBytes } of this.#counted) {
      if (!isUnder(topicName, prefix)) continue;
      if (held + messages > (quota.messages ?? Number.POSITIVE_INFINITY)) {
        return `${held} messages are retained under ${prefix}, as many as may be`;
      }
      if (heldBytes + bytes > (quota.bytes ?? Number.POSITIVE_INFINITY)) {
        return `${heldBytes} bytes are retained under ${prefix}, where ${quota.bytes} may be`;
      }
    }
    return null;
  }
}

function countedBy(quotas: readonly RetainedQuota[]): readonly Counted[] {
  return quotas.map((quota) => ({
    quota,
    prefix: quota.topicPrefix.replace(/\/$/, ''),
    messages: 0,
    bytes: 0,
  }));
}

function isUnder(topicName: string, prefix: string): boolean {
  if (!topicName.startsWith(prefix)) return false;
  return topicName.length === prefix.length || topicName[prefix.length] === '/';
}
