/** The broker's habits as the configuration has them: those of HABITS, but for what stands under `store`, `queues` and the like. */
import type { Habits } from '../core/options/profile.ts';

/** Where the configuration has a habit that does not stand under `behaviour`. */
export const HABITS_ELSEWHERE = {
  durability: 'store.durability',
  topicDurability: 'store.topicDurability',
  queues: 'queues',
  retainedQuotas: 'retained.quotas',
  deadLetterPrefix: 'deadLetters.topicPrefix',
  deadLetterReasons: 'deadLetters.reasons',
} as const;

export type HabitElsewhere = keyof typeof HABITS_ELSEWHERE;

export type BehaviourConfiguration = Omit<Habits, HabitElsewhere>;
