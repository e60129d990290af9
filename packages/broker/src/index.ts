export type { AuthenticatorOptions, Verdict } from './access/authentication/authenticator-of.ts';
export { authenticatorOf } from './access/authentication/authenticator-of.ts';
export { BrokerClosedError } from './broker-closed-error.ts';
export type { ConfigurationProblem } from './config/configuration-error.ts';
export { ConfigurationError } from './config/configuration-error.ts';
export type {
  ExplainedDecision,
  ExplainedDrop,
  ExplainedIdentity,
  ExplainedQueue,
  ExplainedRate,
  ExplainedRecipient,
  ExplainedRetained,
  ExplainedSession,
  ExplainedSubscription,
  Explanation,
  ExplanationQuery,
  GivenIdentity,
  Obstacle,
} from './core/explain/explanation.ts';
export type { StoreState, StoreStateChange } from './core/keeping.ts';
export type { LimitName, LimitRow, Limits } from './core/options/limits.ts';
export { LIMITS } from './core/options/limits.ts';
export { checkListenerPolicy } from './core/options/listener-policy.ts';
export type {
  Habits,
  Profile,
  QueuePolicy,
  RetainedQuota,
  TopicDurability,
  WhenFull,
} from './core/options/profile.ts';
export { HABITS, WHEN_FULL } from './core/options/profile.ts';
export type {
  RateName,
  RateRow,
  RateScope,
  RateSetOptions,
  RatesOptions,
  WhenExceeded,
} from './core/options/rates.ts';
export { RATE_SCOPES, RATES, WHEN_EXCEEDED } from './core/options/rates.ts';
export type { ProfileOptions } from './core/options/resolve-profile.ts';
export { resolveProfile } from './core/options/resolve-profile.ts';
export type { AuthenticationCountRow, AuthenticationCounts } from './core/ports/authentication-counts.ts';
export { AUTHENTICATION_COUNTERS } from './core/ports/authentication-counts.ts';
export type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from './core/ports/authenticator.ts';
export type {
  AuthorizationAnswer,
  AuthorizationRequest,
  AuthorizedAction,
  Authorizer,
  ClientIdentity,
  OptionalQuestions,
  RuleReference,
} from './core/ports/authorizer.ts';
export type { DurabilityName } from './core/ports/durability.ts';
export { Durability } from './core/ports/durability.ts';
export type { ListenerRefusal, ListenerRefusalCounts } from './core/ports/listener-refusal.ts';
export { LISTENER_REFUSALS } from './core/ports/listener-refusal.ts';
export type { Log, LogLevel } from './core/ports/log.ts';
export type { MessageQueue, Store, StoreError } from './core/ports/store.ts';
export type {
  Accept,
  CertificateIdentity,
  ListenerPolicy,
  Origin,
  Transport,
  TransportSecurity,
  TransportSink,
} from './core/ports/transport.ts';
export type { DropReasonRow } from './core/telling/drop-reason.ts';
export { DROP_REASONS, DropReason } from './core/telling/drop-reason.ts';
export type { BrokerEventName, BrokerEvents, ClientDescription } from './core/telling/events.ts';
export type { Gauges, Metrics } from './core/telling/metrics.ts';
export { COUNTERS, GAUGES } from './core/telling/metrics.ts';
export type { Drop, Outcomes } from './core/telling/outcomes.ts';
export type { NotedRefusal, RefusedAction } from './core/telling/refusals.ts';
export type { EnvironmentErrorCode } from './environment-error.ts';
export { EnvironmentError } from './environment-error.ts';
export { Broker } from './host/broker.ts';
export type { BrokerEnvironment } from './host/broker-environment.ts';
export { nodeEnvironment } from './host/broker-environment.ts';
export type { OpenListener } from './host/broker-listeners.ts';
export type {
  BrokerChanges,
  BrokerOptions,
  BrokerSubscription,
  ControlHandler,
  ExplainOptions,
  PublishOptions,
  SubscribeOptions,
} from './host/broker-options.ts';
export { createBroker } from './host/create-broker.ts';
export type { SessionDescription, SubscriptionDescription } from './host/inspection.ts';
export type { ReceivedMessage } from './host/received-message.ts';
export type { Listener, ListenerAddress } from './listeners/listener.ts';
export { addressText } from './listeners/listener.ts';
export type { ListenerOptions } from './listeners/listener-settings.ts';
export type { AddressFamily, PlaceOptions } from './listeners/listening-places.ts';
export type { ProxyOptions } from './listeners/proxy/proxy-settings.ts';
export type { TcpListenerOptions } from './listeners/tcp-listener.ts';
export type { CertificateOptions, PskOptions, TlsOptions } from './listeners/tls/tls-options.ts';
export type { WebSocketListenerOptions } from './listeners/websocket-listener.ts';
export { MARTLET_VERSION } from './martlet-version.ts';
export type { DiskStoreOptions, DiskStoreStats } from './stores/disk/disk-store.ts';
export { DiskStore } from './stores/disk/disk-store.ts';
export type { StoreFailureCode } from './stores/disk/files/store-failure.ts';
export { StoreFailure } from './stores/disk/files/store-failure.ts';
export type { Damage, StoreOpenErrorCode } from './stores/disk/files/store-open-error.ts';
export { StoreOpenError } from './stores/disk/files/store-open-error.ts';
export type { StoreLockErrorCode } from './stores/disk/lock/lock-error.ts';
export { StoreLockError } from './stores/disk/lock/lock-error.ts';
export type { LockHolder } from './stores/disk/lock/lock-holder.ts';
export type { StoreUse } from './stores/disk/lock/store-use.ts';
export type { StoreLockOptions } from './stores/disk/store-lock.ts';
export { StoreLock } from './stores/disk/store-lock.ts';
export type { BackupOptions, BackupResult } from './stores/disk/tools/backup-store.ts';
export { backupStore } from './stores/disk/tools/backup-store.ts';
export type { CheckOptions, CheckResult } from './stores/disk/tools/check-store.ts';
export { checkStore } from './stores/disk/tools/check-store.ts';
export type { ExportCounts } from './stores/disk/tools/export/export-lines.ts';
export type { ExportOptions, ExportResult } from './stores/disk/tools/export-store.ts';
export { exportStore } from './stores/disk/tools/export-store.ts';
export type { Finding, FindingCode } from './stores/disk/tools/finding.ts';
export { ImportError } from './stores/disk/tools/import/import-error.ts';
export type { ImportOptions } from './stores/disk/tools/import-store.ts';
export { importStore } from './stores/disk/tools/import-store.ts';
export type { StateFigures } from './stores/disk/tools/state-figures.ts';
export type { StoreSource } from './stores/disk/tools/store-snapshot.ts';
export type {
  OldestMessage,
  QueueStats,
  SegmentStats,
  StoreStats,
} from './stores/disk/tools/store-stats.ts';
export { storeStats } from './stores/disk/tools/store-stats.ts';
export type { StoreToolErrorCode } from './stores/disk/tools/store-tool-error.ts';
export { StoreToolError } from './stores/disk/tools/store-tool-error.ts';
export { MemoryStore } from './stores/memory-store.ts';
export { StoreTakenError } from './stores/store-taken-error.ts';
