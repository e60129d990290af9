/**
 * Plays recorded messages at their times, without knowing what a connection is: messages and clock in, groups of messages
 * that are due together out.
 */
import type { RecordedMessage } from './recording-line.ts';
import type { ReplaySchedule } from './replay-schedule.ts';

/** Shorter than that, in ms, nobody waits: timers are no better. */
const SHORTEST_WAIT_MS = 0.5;
/** Handed over at once: few enough that the last of them does not leave much later than the first. */
const LARGEST_GROUP = 512;

export interface PlayOptions {
  readonly schedule: ReplaySchedule;
  /** A monotonic clock. */
  nowMs(): number;
  /** Fulfils after so many ms, or when there is no use in waiting any more. */
  sleep(ms: number): Promise<void>;
  /** Takes those that are due, in order; fulfils when it takes more. */
  publish(messages: readonly RecordedMessage[]): Promise<void>;
  /** Asked before each group. */
  isStopped(): boolean;
  /** Called before it waits, and before each group. */
  onAt(atUs: number): void;
}

/** Fulfils when all have been handed over, or it was stopped. @param messages in the order of their times */
export async function playInTime(messages: readonly RecordedMessage[], options: PlayOptions): Promise<void> {
  const { schedule, nowMs, sleep, publish, isStopped, onAt } = options;
  for (let at = 0; at < messages.length && !isStopped(); ) {
    const { atUs } = messages[at]!;
    onAt(atUs);
    const waitMs = schedule.dueMs(atUs) - nowMs();
    if (waitMs > SHORTEST_WAIT_MS) {
      await sleep(waitMs);
      continue;
    }
    const group = messages.slice(at, endOfGroup(messages, at, schedule, nowMs()));
    await publish(group);
    // Only now have they left: a server that takes them slowly makes them late.
    for (const message of group) schedule.left(message.atUs, nowMs());
    at += group.length;
  }
}

function endOfGroup(
  messages: readonly RecordedMessage[],
  start: number,
  schedule: ReplaySchedule,
  nowMs: number,
): number {
  const most = Math.min(messages.length, start + LARGEST_GROUP);
  let end = start + 1;
  while (end < most && schedule.dueMs(messages[end]!.atUs) - nowMs <= SHORTEST_WAIT_MS) end += 1;
  return end;
}
