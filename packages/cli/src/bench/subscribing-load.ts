/** The work of the scenario `subscribe`: every connection makes subscriptions, at a constant rate or one after the other. */
import type { Client } from '@martlet/client';
import type { BenchPlan } from './bench-plan.ts';
import { endUsOf } from './bench-plan.ts';
import type { LoadMeter } from './load-meter.ts';
import type { LoopHost } from './send-loop.ts';
import { SendSchedule } from './send-schedule.ts';

export interface SubscribingHost extends LoopHost {
  readonly meter: LoadMeter;
  onFailed(error: unknown): void;
}

/** A connection, and its number among all of the run. */
export interface NumberedClient {
  readonly index: number;
  readonly client: Client;
}

/** @returns fulfilled when all subscriptions were answered, the time is over or the signal was given */
export async function makeSubscriptions(
  clients: readonly NumberedClient[],
  plan: BenchPlan,
  host: SubscribingHost,
  signal: AbortSignal,
): Promise<void> {
  const schedule = plan.rate === null ? null : new SendSchedule(plan.rate, plan.idle);
  const isOver = (): boolean => signal.aborted || host.nowUs() >= endUsOf(plan);
  await Promise.all(
    clients.map(async ({ index, client }) => {
      const answers: Promise<void>[] = [];
      for (let number = 0; number < plan.subscriptionsEach && !isOver(); number++) {
        const dueUs = schedule?.intendedUs(index, number) ?? 0;
        for (let waitUs = dueUs - host.nowUs(); waitUs > 0 && !isOver(); waitUs = dueUs - host.nowUs()) {
          await new Promise<void>((resolve) =>
            host.after(Math.min(100, Math.max(1, waitUs / 1000)), resolve),
          );
        }
        if (client.state !== 'online' || isOver()) break;
        const intendedUs = schedule === null ? Math.max(0, host.nowUs()) : dueUs;
        const answer = subscribe(client, `${plan.topicPrefix}/${index}/${number}`, plan, intendedUs, host);
        if (schedule === null) await answer;
        else answers.push(answer);
      }
      await Promise.all(answers);
    }),
  );
}

async function subscribe(
  client: Client,
  topicFilter: string,
  plan: BenchPlan,
  intendedUs: number,
  host: SubscribingHost,
): Promise<void> {
  const { meter } = host;
  meter.onSent(host.nowUs());
  try {
    await client.subscribe(topicFilter, { qos: plan.subscribeQos }, () => {});
    meter.onAnswered(host.nowUs(), intendedUs);
  } catch (error) {
    meter.counts.failed++;
    host.onFailed(error);
  }
}
