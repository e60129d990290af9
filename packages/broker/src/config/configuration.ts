/**
 * What `martlet.yaml` says, resolved: every key has a value, paths are absolute, amounts are numbers in the unit that the key names.
 * It is plain data (JSON can carry it). What each key means, its default and its bounds stand in the table of the same name under
 * `tables/`, from which the schema, docs/martlet.schema.json and docs/configuration.md are made; the compiler holds both together.
 *
 * `null` says that a thing is not there: no file, no limit of its own.
 */
import type { Limits } from '../core/options/limits.ts';
import type { QueuePolicy, RetainedQuota, TopicDurability } from '../core/options/profile.ts';
import type { DurabilityName } from '../core/ports/durability.ts';
import type {
  AuthenticationConfiguration,
  AuthorizationConfiguration,
  DynamicSecurityConfiguration,
} from './access-configuration.ts';
import type { BehaviourConfiguration } from './behaviour-configuration.ts';
import type { BridgeConfiguration } from './bridge-configuration.ts';
import type { ListenerConfiguration } from './listener-configuration.ts';
import type { LogConfiguration } from './log-configuration.ts';
import type { RatesByWhomConfiguration } from './rates-configuration.ts';

/** All keys of `martlet.yaml` with their values: what `loadConfiguration` has checked, with the defaults filled in. */
export interface Configuration {
  readonly profile: 'martlet' | 'mosquitto';
  readonly store: StoreConfiguration;
  readonly listeners: readonly ListenerConfiguration[];
  readonly authentication: AuthenticationConfiguration;
  readonly authorization: AuthorizationConfiguration;
  readonly dynamicSecurity: DynamicSecurityConfiguration | null;
  readonly limits: Limits;
  readonly rates: RatesByWhomConfiguration;
  readonly queues: readonly QueuePolicy[];
  readonly retained: RetainedConfiguration;
  readonly deadLetters: DeadLettersConfiguration;
  readonly behaviour: BehaviourConfiguration;
  readonly log: LogConfiguration;
  readonly control: ControlConfiguration;
  readonly reload: ReloadConfiguration;
  readonly pidFile: string | null;
  readonly user: string | null;
  readonly bridges: readonly BridgeConfiguration[];
}

export interface StoreConfiguration {
  /** False: in memory only. Null: the default of `martlet start`. */
  readonly directory: string | false | null;
  readonly durability: DurabilityName;
  readonly topicDurability: readonly TopicDurability[];
}

export interface RetainedConfiguration {
  readonly quotas: readonly RetainedQuota[];
}

export interface DeadLettersConfiguration {
  /** Null: none are published. */
  readonly topicPrefix: string | null;
  /** Names of drop reasons; empty: all. */
  readonly reasons: readonly string[];
}

export interface ControlConfiguration {
  /** `default`, `none` or an absolute path. */
  readonly socket: string;
}

export interface ReloadConfiguration {
  readonly watch: boolean;
}
