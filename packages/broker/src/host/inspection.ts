/** Looks at what a broker holds, for tests and for operators: copies of now, made when somebody asks. */
import type { BrokerCore } from '../core/broker-core.ts';
import type { ClientIdentity } from '../core/ports/authorizer.ts';
import type { Message, QoS } from '../core/publish/message.ts';
import type { Session, Subscription } from '../core/session/session.ts';
import type { ReceivedMessage } from './received-message.ts';
import { receivedMessage } from './received-message.ts';

export interface SubscriptionDescription {
  /** With its `$share/name/` prefix if shared. */
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  /** 0 if it has none. */
  readonly subscriptionIdentifier: number;
}

export interface SessionDescription {
  readonly clientId: string;
  readonly connected: boolean;
  /** Seconds; 0: it ends with the connection; 0xFFFFFFFF: never. */
  readonly sessionExpiryInterval: number;
  readonly subscriptions: readonly SubscriptionDescription[];
  /** Messages that wait for the client, without those that have been sent to it. */
  readonly queuedMessages: number;
  /** Messages that have been sent to the client at QoS 1 or 2 and are not acknowledged. */
  readonly inFlightMessages: number;
}

/** Nodes of the tree of retained messages that one reading visits. */
const BATCH = 1000;

export function sessionsOf(core: BrokerCore): readonly SessionDescription[] {
  return [...core.sessions.all()].map((session) => describeSession(core, session));
}

/**
 * Messages of a client's session that it has still to be sent or to acknowledge, and identifiers that are free again after
 * the next commit: a message that waits can be behind each.
 */
export function unfinishedMessagesOf(core: BrokerCore, clientId: string): number {
  const session = core.sessions.get(clientId);
  if (session === undefined) return 0;
  const queue = queueOf(core, session);
  return (queue?.length ?? 0) + (session.senderIfUsed?.inFlight.size ?? queue?.unconfirmed ?? 0);
}

/** Clients that are connected now. */
export function clientsOf(core: BrokerCore): readonly ClientIdentity[] {
  return [...core.sessions.all()].flatMap(({ holder }) => (holder === null ? [] : [holder.client]));
}

/** @param topicFilter a valid one, not shared */
export function retainedMessagesOf(core: BrokerCore, topicFilter: string): readonly ReceivedMessage[] {
  const cursor = core.retaining.messages.match(topicFilter);
  const found: Message[] = [];
  while (!cursor.done) cursor.read(BATCH, found);
  const now = core.context.environment.nowMs();
  return found
    .filter(({ expiresAtMs }) => expiresAtMs > now)
    .map((message) => receivedMessage(message, true));
}

function describeSession(core: BrokerCore, session: Session): SessionDescription {
  const { clientId, senderIfUsed } = session;
  const queue = queueOf(core, session);
  return {
    clientId,
    connected: session.output !== null,
    sessionExpiryInterval: session.sessionExpiryInterval,
    subscriptions: session.subscriptions.map(describeSubscription),
    queuedMessages: queue?.length ?? 0,
    inFlightMessages: senderIfUsed?.inFlight.size ?? queue?.unconfirmed ?? 0,
  };
}

/** After a restart it may still have to be opened, which it is only once. */
function queueOf(core: BrokerCore, session: Session): Session['queue'] {
  const { clientId, queueUnopened, queue } = session;
  return queueUnopened ? core.context.store.openQueue({ kind: 'session', clientId }) : queue;
}

function describeSubscription(subscription: Subscription): SubscriptionDescription {
  const { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } =
    subscription;
  return { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier };
}
