/** What the core tells the application about, once the turn is over. */
import type { ReasonCode } from '@martlet/protocol';
import type { StoreStateChange } from '../keeping.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';

/** The client that an event is about. */
export interface ClientDescription {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly protocolVersion: 3 | 4 | 5;
  /** Where it is, such as `127.0.0.1:50312`. */
  readonly peer: string;
  /** The listener's name. */
  readonly listener: string;
}

export function describeClient({
  clientId,
  username,
  protocolVersion,
  peer,
  origin,
}: ClientIdentity): ClientDescription {
  return { clientId, username, protocolVersion, peer, listener: origin.listener };
}

/** What `Broker.on` tells, by name. */
export interface BrokerEvents {
  clientConnected: ClientDescription & { readonly sessionPresent: boolean; readonly keepAlive: number };
  clientDisconnected: ClientDescription & {
    /** In MQTT 5 terms, whatever the client's version. */
    readonly reasonCode: ReasonCode;
    readonly reason: string;
  };
  /** A connection that ended before its client was accepted. */
  connectionRefused: {
    readonly peer: string;
    readonly listener: string;
    readonly clientId: string | undefined;
    readonly reasonCode: ReasonCode | undefined;
    readonly reason: string;
  };
  subscribed: { readonly clientId: string; readonly topicFilter: string; readonly qos: 0 | 1 | 2 };
  unsubscribed: { readonly clientId: string; readonly topicFilter: string };
  /** A topic filter of SUBSCRIBE that was not granted. */
  subscriptionRefused: {
    readonly clientId: string;
    readonly topicFilter: string;
    readonly reasonCode: ReasonCode;
    readonly reason: string;
  };
  /** A message ended without delivery, for one recipient. */
  messageDropped: {
    /** Stable, such as `outbox-full`: see `DROP_REASONS`. */
    readonly reason: string;
    readonly clientId: string;
    readonly topicName: string;
    readonly count: number;
    /** What caused it beyond its reason, such as the rule or the rate; empty if nothing is to be added. */
    readonly detail: string;
  };
  /** The store keeps nothing any more, for another reason than before, or keeps again. */
  storeStateChanged: StoreStateChange;
}

export type BrokerEventName = keyof BrokerEvents;

/** Takes events during the turn; hands them on after it. */
export interface EventSink {
  emit<Name extends BrokerEventName>(name: Name, event: BrokerEvents[Name]): void;
}
