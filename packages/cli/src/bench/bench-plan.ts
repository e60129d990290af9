/**
 * What a run does, decided before it begins: plain data that goes to every thread, and the rules by which all of them know
 * who publishes what to whom.
 */
import type { Qos } from '@martlet/protocol';
import type { ScenarioName } from './scenarios.ts';

export interface BenchPlan {
  readonly scenario: ScenarioName;
  /** Tells this run's messages from others. 32 bits. */
  readonly runId: number;
  readonly threads: number;
  readonly publishers: number;
  readonly subscribers: number;
  /** Connections that neither publish nor receive. */
  readonly idle: number;
  /** All topics of the run begin with it. */
  readonly topicPrefix: string;
  /** Topics of each publisher, which it takes in turn. */
  readonly topicsEach: number;
  /** Subscriptions that each idle connection makes. */
  readonly subscriptionsEach: number;
  readonly payloadBytes: number;
  readonly qos: Qos;
  readonly subscribeQos: Qos;
  readonly retain: boolean;
  /** Messages a second of all publishers together: an open loop. Null: a closed loop. */
  readonly rate: number | null;
  /** In a closed loop: messages of each publisher under way. */
  readonly inFlight: number;
  /** Connections a second, of all threads together. Null: as they are answered. */
  readonly connectRate: number | null;
  readonly warmUpMs: number;
  /** What is measured, after the warm-up. */
  readonly durationMs: number;
  /** Messages of all publishers, after which it is over before its time. */
  readonly count: number | null;
  /** How long nothing may come before what is missing counts as lost. */
  readonly drainMs: number;
}

/** Of MQTT, where `-V` does not say: one in which a server can say why it refuses. */
export const DEFAULT_VERSION = 5;

/** Connections that are being made at once, by all threads, where no rate is given. */
export const CONNECTING_AT_ONCE = 50;

export function connectionsOf(plan: BenchPlan): number {
  return plan.publishers + plan.subscribers + plan.idle;
}

/** Numbers below a count that one thread takes care of: every so-many-th. */
export function shareOf(plan: BenchPlan, thread: number, count: number): readonly number[] {
  const share: number[] = [];
  for (let index = thread; index < count; index += plan.threads) share.push(index);
  return share;
}

export function topicsOf(plan: BenchPlan, publisher: number): readonly string[] {
  const base = `${plan.topicPrefix}/${publisher}`;
  if (plan.topicsEach === 1) return [base];
  return Array.from({ length: plan.topicsEach }, (_, index) => `${base}/${index}`);
}

export function filterOf(plan: BenchPlan, receiver: number): string {
  if (plan.scenario === 'shared') return `$share/bench/${plan.topicPrefix}/#`;
  if (plan.scenario !== 'pairs') return `${plan.topicPrefix}/#`;
  return `${plan.topicPrefix}/${receiver}${plan.topicsEach === 1 ? '' : '/+'}`;
}

/** How many receivers get each message. */
export function copiesOf(plan: BenchPlan): number {
  if (plan.subscribers === 0) return 0;
  return plan.scenario === 'pairs' || plan.scenario === 'shared' ? 1 : plan.subscribers;
}

/** Whether what a publisher sends is meant for a receiver; where work is shared, it may be. */
export function isFor(plan: BenchPlan, publisher: number, receiver: number): boolean {
  return publisher < plan.publishers && (plan.scenario !== 'pairs' || publisher === receiver);
}

/** What a sequence number can count; and, where a group shares the work, what its members remember. */
const MOST_NUMBERS = 2 ** 32;
const MOST_REMEMBERED = 2 ** 27;

/** Messages that a publisher sends at most. A day at 49,000 a second is below it; 18 h of a shared one at 2,000. */
export function countOf(plan: BenchPlan, publisher: number): number {
  const most = plan.scenario === 'shared' ? MOST_REMEMBERED : MOST_NUMBERS;
  if (plan.count === null) return most;
  return Math.max(0, Math.min(most, Math.ceil((plan.count - publisher) / plan.publishers)));
}

/** The QoS with which a message arrives. */
export function deliveredQosOf({ qos, subscribeQos }: BenchPlan): Qos {
  return qos < subscribeQos ? qos : subscribeQos;
}

/** When the last message may be sent, in µs since the beginning of the run. */
export function endUsOf({ warmUpMs, durationMs }: BenchPlan): number {
  return (warmUpMs + durationMs) * 1000;
}
