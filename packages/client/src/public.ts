/** What every entry point exports. */
export type {
  ProtocolVersion,
  PublishProperties,
  Qos,
  RetainHandling,
  UserProperty,
} from '@martlet/protocol';
export { ReasonCode } from '@martlet/protocol';
export type {
  Authentication,
  AuthenticationExchange,
  MaybePromise,
} from './authentication/authentication.ts';
export type { Client, ClientGauges, CloseOptions } from './client/client.ts';
export type {
  ClientOptions,
  Credentials,
  MessageProperties,
  Payload,
  PerAttempt,
  QueueOptions,
  ReconnectOptions,
  WillOptions,
} from './client/client-options.ts';
export type { WithCodec } from './client/encode-payload.ts';
export type {
  ClientEventName,
  ClientEvents,
  ClientListener,
  DroppedEvent,
  HandlerErrorEvent,
  OfflineEvent,
  QuarantinedEvent,
} from './client/events.ts';
export type { Publication, PublishResult } from './client/publication.ts';
export type { PublishOptions } from './client/publish-options.ts';
export type {
  RequestContext,
  RequestHandler,
  RespondOptions,
  ResponseValue,
} from './client/rpc/request-handler.ts';
export type { RequestOptions } from './client/rpc/request-options.ts';
export type { WaitOptions } from './client/settle.ts';
export type { SubscribeOptions } from './client/subscribe-options.ts';
export type { MessageHandler, PendingSubscription, Subscription } from './client/subscription.ts';
export type { ClientState } from './client/supervisor.ts';
export type { ClientErrorCode, ClientErrorKind } from './client-error.ts';
export { ClientError } from './client-error.ts';
export type { ServerCapabilities } from './core/connection/server-capabilities.ts';
export type { Message } from './core/incoming/message.ts';
export type { WhenFull } from './core/outgoing/outgoing-queue.ts';
export type { Acknowledge, WhenSlow } from './core/subscriptions/subscriber.ts';
export type { ClientEnvironment } from './environment.ts';
export type { SessionStore, StoredChange, StoredRecord } from './stores/session-store.ts';
export type { ServerAddress } from './transports/server-address.ts';
export type { OpenTransport, Transport, TransportListener } from './transports/transport.ts';
