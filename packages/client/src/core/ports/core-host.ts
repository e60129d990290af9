/** What the core is told once, and what it needs of its host and tells it. */

import type { ConnectionEnd } from '../connection/connection-end.ts';
import type { AuthenticationOwner } from '../connection/connection-owner.ts';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import type { Message } from '../incoming/message.ts';
import type { OutgoingMessage } from '../outgoing/outgoing-message.ts';
import type { QueueLimits } from '../outgoing/outgoing-queue.ts';
import type { Quarantine } from '../quarantine.ts';
import type { ServerSubscription } from '../subscriptions/server-subscription.ts';
import type { DropReason } from '../subscriptions/subscriber.ts';
import type { ClientError } from './client-error.ts';

export interface CoreOptions {
  /** Bytes of a packet from the server, at most. */
  readonly maximumPacketSize: number;
  readonly receiveMaximum: number;
  /** Aliases that the server may give. */
  readonly topicAliasMaximum: number;
  /** Aliases that we give, at most. */
  readonly outgoingTopicAliases: number;
  readonly queue: QueueLimits;
  /** Connections that one packet may cost before it is set aside; Infinity never sets one aside. */
  readonly quarantineAttempts: number;
  /** Messages that nobody has subscribed to, which may wait for a subscription; 0: none does, each is acknowledged. */
  readonly unroutedMessages: number;
  /** Whether a store keeps the session. */
  readonly keeps: boolean;
}

export interface CoreHost {
  nowMs(): number;
  wallMs(): number;
  /** `turn` is to be called soon. */
  requestTurn(): void;
  /** What CONNECT has begun; undefined without an Authentication Method. */
  readonly authentication: AuthenticationOwner | undefined;
  onOnline(server: ServerCapabilities): void;
  /** The host ends the transport. */
  onOver(end: ConnectionEnd, abrupt: boolean): void;
  onDropped(message: Message, reason: DropReason, topicFilter: string | undefined): void;
  /** Something that nobody did wrong, and that keeps messages from coming. */
  onWarning(warning: ClientError): void;
  /** A message will not be delivered, or not by this client. Told once or more: the first time counts. */
  onPublicationFailed(message: OutgoingMessage, error: ClientError): void;
  /** Gives what judges ends of connections, which may have to be loaded first. */
  withQuarantine(use: (Made: typeof Quarantine) => void): void;
  onQuarantined(what: OutgoingMessage | ServerSubscription, error: ClientError): void;
}
