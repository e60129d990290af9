/** Opens the connections of one thread: at a constant rate, or some at a time, the next when one was answered. */
import type { Client } from '@martlet/client';
import type { BenchPlan } from './bench-plan.ts';
import { CONNECTING_AT_ONCE } from './bench-plan.ts';
import type { LoopHost } from './send-loop.ts';
import { SendSchedule } from './send-schedule.ts';

/** A connection that is being opened: fulfilled with the client, or null when there is none. */
export type OpenConnection = (index: number, intendedUs: number) => Promise<Client | null>;

/**
 * @param count connections of this thread
 * @returns fulfilled when each has been answered, or none is to be opened any more
 */
export async function openConnections(
  plan: BenchPlan,
  thread: number,
  count: number,
  open: OpenConnection,
  host: LoopHost,
  signal: AbortSignal,
): Promise<void> {
  if (plan.connectRate !== null) {
    await openAtRate(new SendSchedule(plan.connectRate, plan.threads), thread, count, open, host, signal);
    return;
  }
  while (host.nowUs() < 0 && !signal.aborted) {
    await new Promise<void>((resolve) => host.after(Math.max(1, -host.nowUs() / 1000), resolve));
  }
  let next = 0;
  const openInTurn = async (): Promise<void> => {
    while (next < count && !signal.aborted) await open(next++, Math.round(host.nowUs()));
  };
  const atOnce = Math.ceil(CONNECTING_AT_ONCE / plan.threads);
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openInTurn));
}

async function openAtRate(
  schedule: SendSchedule,
  thread: number,
  count: number,
  open: OpenConnection,
  host: LoopHost,
  signal: AbortSignal,
): Promise<void> {
  const opened: Promise<unknown>[] = [];
  while (opened.length < count && !signal.aborted) {
    const nowUs = host.nowUs();
    const due = Math.min(count, schedule.due(thread, nowUs));
    while (opened.length < due) opened.push(open(opened.length, schedule.intendedUs(thread, opened.length)));
    if (opened.length === count) break;
    const waitMs = (schedule.intendedUs(thread, opened.length) - nowUs) / 1000;
    // A connection takes milliseconds, so that a timer is exact enough; the signal is looked at in between.
    await new Promise<void>((resolve) => host.after(Math.min(100, Math.max(1, waitMs)), resolve));
  }
  await Promise.all(opened);
}
