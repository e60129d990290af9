/** Configurations: `martlet.yaml`, what it may say, and what is wrong with one. */
export type {
  AclFileConfiguration,
  AuthenticationConfiguration,
  AuthenticationMethodConfiguration,
  AuthorizationConfiguration,
  AuthorizationMethodConfiguration,
  DynamicSecurityConfiguration,
  FailureKey,
  FailuresConfiguration,
  FlappingConfiguration,
  HashingConfiguration,
  HttpConfiguration,
  JwtAlgorithm,
  JwtConfiguration,
  PasswordFileConfiguration,
  RuleAction,
  RuleConfiguration,
  RuleSubjectConfiguration,
  ScramConfiguration,
} from './access-configuration.ts';
export type { BehaviourConfiguration } from './behaviour-configuration.ts';
export type { BridgeConfiguration, BridgeTopicConfiguration } from './bridge-configuration.ts';
export type { Configuration } from './configuration.ts';
export type { ConfigurationChange } from './configuration-changes.ts';
export { describeChanges } from './configuration-changes.ts';
export type { ConfigurationProblem } from './configuration-error.ts';
export { ConfigurationError, inOrder, problemText } from './configuration-error.ts';
export type { ShownValue, TextOptions } from './configuration-text.ts';
export { configurationYaml, shownConfiguration, shownValues } from './configuration-text.ts';
export type { JsonSchema } from './json-schema.ts';
export { configurationJsonSchema } from './json-schema.ts';
export type { KeyPath } from './key-path.ts';
export { keyText } from './key-path.ts';
export type {
  CertificateConfiguration,
  ListenerConfiguration,
  PskConfiguration,
  TlsConfiguration,
  UsernameSource,
} from './listener-configuration.ts';
export type { LoadedConfiguration, LoadOptions } from './load-configuration.ts';
export { configurationFrom, loadConfiguration, parseConfiguration } from './load-configuration.ts';
export type { LogConfiguration, LogDestinationConfiguration, LogType } from './log-configuration.ts';
export type {
  MqttSnAddressPolicy,
  MqttSnConfiguration,
  MqttSnPredefinedTopic,
  MqttSnSerialConfiguration,
  MqttSnUnconnectedConfiguration,
  MqttSnUserConfiguration,
} from './mqtt-sn-configuration.ts';
export type { ConfigurationOverride } from './overrides.ts';
export { profileOptionsOf } from './profile-options.ts';
export type { RatesConfiguration } from './rates-configuration.ts';
export type { Overriding, Place, ValueOrigin } from './source.ts';
export { Source } from './source.ts';
