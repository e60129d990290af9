/** What the core is told of a configuration. */
import type { ProfileOptions } from '../core/options/resolve-profile.ts';
import type { Configuration } from './configuration.ts';

/** The options of `createBroker` and of `Broker.reconfigure` that a configuration stands for. */
export function profileOptionsOf(configuration: Configuration): ProfileOptions {
  const { store, limits, rates, queues, retained, deadLetters, behaviour } = configuration;
  return {
    ...behaviour,
    limits,
    rates,
    queues,
    retainedQuotas: retained.quotas,
    deadLetterPrefix: deadLetters.topicPrefix ?? '',
    deadLetterReasons: deadLetters.reasons,
    durability: store.durability,
    topicDurability: store.topicDurability,
  };
}
