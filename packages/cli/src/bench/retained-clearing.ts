/** Takes away what a run with `--retain` has left at its topics. */
import type { BenchPlan } from './bench-plan.ts';
import { topicsOf } from './bench-plan.ts';
import type { NumberedClient } from './subscribing-load.ts';

const NOTHING = '';

/** An empty retained message to each topic; what fails stays, and nobody is told: the run is over. */
export async function clearRetained(
  publishers: readonly NumberedClient[],
  plan: BenchPlan,
  timeoutMs: number,
): Promise<void> {
  const options = { qos: plan.qos, retain: true, timeoutMs } as const;
  await Promise.allSettled(
    publishers.flatMap(({ index, client }) =>
      topicsOf(plan, index).map(async (topicName) => client.publish(topicName, NOTHING, options)),
    ),
  );
}
