export type { CountedFaultScope, DirectedFaultScope, Fault, FaultScope } from './faults/fault.ts';
export type { Faults, Replacement } from './faults/faults.ts';
export type { Direction, LoggedPacket, PacketState } from './network/logged-packet.ts';
export type {
  ClientSubscription,
  PublishedMessage,
  TestBroker,
  TestBrokerOptions,
  TestClientOptions,
} from './test-broker.ts';
export { createTestBroker } from './test-broker.ts';
export type { TestBrokerErrorCode } from './test-broker-error.ts';
export { TestBrokerError } from './test-broker-error.ts';
