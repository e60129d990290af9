import type { ConnectionHandle } from './phase.ts';

/**
 * When the next packet must have come, on the monotonic clock: then, or before, it is too late.
 * @param keepAliveMs how long a connection may be silent
 */
export function keepAliveDueMs(
  { awaitsStagingRoom, gateClosed, outbox, lastReceivedMs }: ConnectionHandle,
  keepAliveMs: number,
  nowMs: number,
): number {
  // Nothing can come while it is we who do not read.
  const unread = gateClosed || awaitsStagingRoom || outbox.overrunByCommit;
  return (unread ? nowMs : lastReceivedMs) + keepAliveMs;
}
