/** What an application says to the broker that it embeds. */
import type { PublishProperties } from '@martlet/protocol';
import type { ProfileOptions } from '../core/options/resolve-profile.ts';
import type { Authenticator } from '../core/ports/authenticator.ts';
import type { Authorizer, ClientIdentity } from '../core/ports/authorizer.ts';
import type { Log } from '../core/ports/log.ts';
import type { Store } from '../core/ports/store.ts';
import type { QoS } from '../core/publish/message.ts';
import type { BrokerEnvironment } from './broker-environment.ts';
import type { ReceivedMessage } from './received-message.ts';

/** Of `createBroker`: limits and habits beside what the broker works with. Everything has a default. */
export interface BrokerOptions extends ProfileOptions {
  /**
   * Where sessions and messages are kept, such as a `DiskStore`. Whoever opened it closes it, after the broker.
   * @default a `MemoryStore`: they live as long as the process
   */
  readonly store?: Store;
  /** Decides who may connect. @default everyone */
  readonly authenticator?: Authenticator;
  /** Decides what clients may do. @default everything but publishing to `$SYS/` */
  readonly authorizer?: Authorizer;
  /** @default nothing is logged */
  readonly log?: Log;
  /** @default Node's clocks, event loop and randomness */
  readonly environment?: BrokerEnvironment;
}

/** What `Broker.reconfigure` changes. */
export interface BrokerChanges {
  /** @default as it is */
  readonly profile?: ProfileOptions;
  /** Null: everyone may connect. @default as it is */
  readonly authenticator?: Authenticator | null | undefined;
  /** Null: everything is allowed, but for publishing to `$SYS/`. @default as it is */
  readonly authorizer?: Authorizer | null | undefined;
}

/** Of `Broker.publish`. */
export interface PublishOptions {
  /** @default 0 */
  readonly qos?: QoS;
  /** @default false */
  readonly retain?: boolean;
  readonly properties?: Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>;
}

/** Of `Broker.subscribe`. */
export interface SubscribeOptions {
  /**
   * Only looks on: it gets every message, and a publisher is told that nobody is subscribed, and the message counted as
   * dropped, as if this subscription were not there. For tests and for taps.
   * @default false
   */
  readonly observe?: boolean;
}

/** Of `Broker.explain`. */
export interface ExplainOptions {
  /**
   * Who decides, instead of the broker's authoriser: to see what another configuration would do. Null: nobody.
   * @default the broker's own
   */
  readonly authorizer?: Authorizer | null | undefined;
}

/** Handles what a client has published to a control topic. */
export type ControlHandler = (message: ReceivedMessage, client: ClientIdentity) => void;

/** A subscription of the application. */
export interface BrokerSubscription {
  readonly topicFilter: string;
  unsubscribe(): void;
}
