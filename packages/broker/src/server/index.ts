/** Servers: brokers that run a configuration. */

export { anyGlobMatches, globMatches } from '../access/authorization/glob.ts';
export { readListedFile, textOf } from '../access/listed-file.ts';
export { listenError } from '../listeners/listener.ts';
export type {
  AccessBuilding,
  BuildAccess,
  BuiltAuthenticator,
  BuiltAuthorizer,
} from './access/access-building.ts';
export { checkConfiguration } from './check-configuration.ts';
export type { RegisteredBroker, RegistryWorld } from './control/broker-registry.ts';
export { brokerName, registeredBrokers, registeredPath, registryWorld } from './control/broker-registry.ts';
export type { ControlAnswer, ControlFailure, ControlRequest } from './control/control-message.ts';
export { CONTROL_VERSION, ControlError } from './control/control-message.ts';
export type { AnswerMore, ServerAnswers, ServerStatus } from './control/server-requests.ts';
export { logEvents } from './event-log.ts';
export type { ListenerFate } from './listeners/listener-fates.ts';
export type {
  OpeningServices,
  OpenServedListener,
  ProtocolOpener,
  ProtocolOpeners,
  ServedListener,
} from './listeners/listener-opening.ts';
export { originOf } from './listeners/origin-of.ts';
export type { LogFormat, TimeText } from './log/log-line.ts';
export { escapeControls } from './log/log-line.ts';
export type { LogWorld } from './log/server-log.ts';
export type { SignalledProcess } from './process/server-signals.ts';
export { answerSignals, dumpSubscriptions } from './process/server-signals.ts';
export type { ActivatedSocket } from './process/systemd.ts';
export { activatedSockets, Systemd } from './process/systemd.ts';
export { isInMemory } from './reload/fixed-keys.ts';
export type { DisconnectedClient, ListenerReport, ReloadReport } from './reload/reload-report.ts';
export { reportLines } from './reload/reload-report.ts';
export type { ListedBan, Server } from './server.ts';
export type { ServerDependencies } from './server-dependencies.ts';
export type { OpenServerStore, ServerStore } from './server-store.ts';
export { memoryServerStore, openServerStore } from './server-store.ts';
export { startServer } from './start-server.ts';
