/** `@martlet/broker/control`: how programs of this machine talk to a running broker. Small: nothing of the broker is loaded. */
export type { RegisteredBroker, RegistryWorld } from './broker-registry.ts';
export { brokerName, registeredBrokers, registryDirectories, registryWorld } from './broker-registry.ts';
export type { ControlAnswer, ControlFailure, ControlRequest } from './control-message.ts';
export { CONTROL_VERSION, ControlError, MAXIMUM_REQUEST_LENGTH } from './control-message.ts';
