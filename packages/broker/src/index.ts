export { BrokerClosedError } from './broker-closed-error.ts';
export type { DropReasonRow } from './core/drop-reason.ts';
export { DROP_REASONS, DropReason } from './core/drop-reason.ts';
export type { BrokerEventName, BrokerEvents, ClientDescription } from './core/events.ts';
export type { LimitName, LimitRow, Limits } from './core/limits.ts';
export { LIMITS } from './core/limits.ts';
export type { Gauges, Metrics } from './core/metrics.ts';
export { COUNTERS, GAUGES } from './core/metrics.ts';
export type { Drop, Outcomes } from './core/outcomes.ts';
export type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from './core/ports/authenticator.ts';
export type {
  AuthorizationAnswer,
  AuthorizationRequest,
  Authorizer,
  ClientIdentity,
} from './core/ports/authorizer.ts';
export type { Log, LogLevel } from './core/ports/log.ts';
export type { MessageQueue, Store, StoreError } from './core/ports/store.ts';
export type { Origin, Transport, TransportSink } from './core/ports/transport.ts';
export type { Habits, Profile } from './core/profile.ts';
export { HABITS } from './core/profile.ts';
export type { ProfileOptions } from './core/resolve-profile.ts';
export { resolveProfile } from './core/resolve-profile.ts';
export type { EnvironmentErrorCode } from './environment-error.ts';
export { EnvironmentError } from './environment-error.ts';
export type { BrokerOptions, BrokerSubscription, PublishOptions } from './host/broker.ts';
export { Broker, createBroker } from './host/broker.ts';
export type { ReceivedMessage } from './host/received-message.ts';
export type { Listener, ListenerAddress } from './listeners/listener.ts';
export { addressText } from './listeners/listener.ts';
export type { TcpListenerOptions } from './listeners/tcp-listener.ts';
export { MARTLET_VERSION } from './martlet-version.ts';
export { MemoryStore } from './stores/memory-store.ts';
