/** What a listener grants to its clients, with the defaults filled in from the broker's limits. */
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { ListenerPolicy } from '../ports/transport.ts';
import type { Limits } from './limits.ts';
import { LIMITS } from './limits.ts';
import { resolveRateSet } from './resolve-rates.ts';

export interface Grants {
  /** Empty: none. */
  readonly mountPoint: string;
  readonly maximumQos: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  /** Null: all. */
  readonly protocolVersions: readonly (3 | 4 | 5)[] | null;
  readonly topicAliasMaximum: number;
  readonly outboundTopicAliases: number;
  readonly useUsernameAsClientId: boolean;
  readonly clientIdPrefix: string;
  readonly allowEmptyClientId: boolean;
}

export function grantsOf(policy: ListenerPolicy | undefined, limits: Limits): Grants {
  return {
    mountPoint: policy?.mountPoint ?? '',
    maximumQos: policy?.maximumQos ?? 2,
    retainAvailable: policy?.retainAvailable ?? true,
    protocolVersions: policy?.protocolVersions ?? null,
    topicAliasMaximum: policy?.topicAliasMaximum ?? limits.topicAliasMaximum,
    outboundTopicAliases: policy?.outboundTopicAliases ?? limits.outboundTopicAliases,
    useUsernameAsClientId: policy?.useUsernameAsClientId ?? false,
    clientIdPrefix: policy?.clientIdPrefix ?? '',
    allowEmptyClientId: policy?.allowEmptyClientId ?? true,
  };
}

/**
 * For whoever opens a listener, before it listens.
 * @throws {TypeError} for a mount point that cannot begin a topic name, or an unknown rate
 * @throws {RangeError} for a number that is out of bounds
 */
export function checkListenerPolicy(policy: ListenerPolicy): void {
  const { mountPoint = '', maximumQos = 2, protocolVersions = [5] } = policy;
  if (mountPoint !== '') {
    const problem = checkTopicName(mountPoint);
    if (problem !== null)
      throw new TypeError(`mountPoint ${JSON.stringify(mountPoint)} ${TOPIC_PROBLEMS[problem]}`);
    if (mountPoint.startsWith('$'))
      throw new TypeError(`mountPoint ${mountPoint}: expected one that does not begin with $`);
  }
  if (![0, 1, 2].includes(maximumQos))
    throw new RangeError(`maximumQos: expected 0, 1 or 2, got ${String(maximumQos)}`);
  if (protocolVersions.length === 0 || protocolVersions.some((version) => ![3, 4, 5].includes(version)))
    throw new RangeError(
      `protocolVersions: expected some of 3, 4 and 5, got ${JSON.stringify(protocolVersions)}`,
    );
  resolveRateSet('rates', policy.rates, 'perListener');
  for (const name of ['topicAliasMaximum', 'outboundTopicAliases'] as const) {
    const { minimum, maximum } = LIMITS[name];
    const value = policy[name] ?? minimum;
    if (!Number.isInteger(value) || value < minimum || value > maximum)
      throw new RangeError(
        `${name}: expected a whole number from ${minimum} to ${maximum}, got ${String(value)}`,
      );
  }
}
