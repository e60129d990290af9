/** What a run does, in one line. */
import { bytesText, counted } from '../amount-text.ts';
import type { BenchPlan } from './bench-plan.ts';
import { rateText, setTimeText } from './figure-text.ts';

/** Such as `pairs: 10 publishers → 10 subscribers, 64 bytes, QoS 1, 5,000/s, 10 s after 1 s of warm-up`. */
export function planText(plan: BenchPlan): string {
  const { scenario, publishers, subscribers, idle, qos, subscribeQos, topicsEach } = plan;
  const parts: string[] = [];
  if (idle > 0) {
    parts.push(counted(idle, 'connection'));
    if (scenario === 'subscribe') {
      parts.push(`${counted(plan.subscriptionsEach, 'subscription')} each, QoS ${subscribeQos}`);
    }
  } else {
    const receivers = subscribers > 0 ? ` → ${counted(subscribers, 'subscriber')}` : '';
    parts.push(`${counted(publishers, 'publisher')}${receivers}`, bytesText(plan.payloadBytes));
    parts.push(
      qos === subscribeQos || subscribers === 0 ? `QoS ${qos}` : `QoS ${qos}, subscribed at ${subscribeQos}`,
    );
    if (topicsEach > 1) parts.push(`${counted(topicsEach, 'topic')} each`);
    if (plan.retain) parts.push('retained');
  }
  parts.push(...paceParts(plan));
  return `${scenario}: ${parts.join(', ')}`;
}

function paceParts(plan: BenchPlan): readonly string[] {
  const parts: string[] = [];
  if (plan.connectRate !== null) parts.push(`${rateText(plan.connectRate)} new`);
  if (plan.scenario === 'connections') return [...parts, `held ${setTimeText(plan.durationMs)}`];
  if (plan.rate !== null) parts.push(`${rateText(plan.rate)} (open loop)`);
  else if (plan.publishers > 0) parts.push(`${plan.inFlight} in flight each (closed loop)`);
  if (plan.count !== null)
    parts.push(`${counted(plan.count, 'message')}, at most ${setTimeText(plan.durationMs)}`);
  else if (plan.publishers > 0) parts.push(setTimeText(plan.durationMs));
  if (plan.warmUpMs > 0) parts.push(`after ${setTimeText(plan.warmUpMs)} of warm-up`);
  return parts;
}
