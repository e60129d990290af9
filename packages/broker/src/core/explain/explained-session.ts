/** The session of a client, as an explanation shows it: what waits, what is in flight, what bounds it. */
import type { CoreContext } from '../context.ts';
import type { QueuePolicy } from '../options/profile.ts';
import type { MessageQueue } from '../ports/store.ts';
import type { QueueKeeper } from '../session/queue-keeper.ts';
import type { Session } from '../session/session.ts';
import { NEVER_EXPIRES } from '../session/session.ts';
import type { ExplainedQueue, ExplainedRate, ExplainedSession } from './explanation.ts';

const NO_POLICY: Pick<Readonly<QueuePolicy>, 'messages' | 'bytes'> = Object.freeze({});

export function explainSession(
  context: CoreContext,
  queues: QueueKeeper,
  session: Session,
  policy: QueuePolicy | null,
): ExplainedSession {
  const { output, holder, senderIfUsed } = session;
  const queue = queueOf(queues, session);
  return {
    connected: output !== null,
    sinceWallMs: context.toWallMs(holder?.connectedAtMs ?? session.disconnectedAtMs),
    endsAtWallMs: endOf(context, session),
    kept: session.kept,
    subscriptions: session.subscriptionCount,
    queue: explainQueue(context, queues, queue, session.inFlightBytes, policy, session.kept),
    inFlightMessages: senderIfUsed?.inFlight.size ?? queue?.unconfirmed ?? 0,
    inFlightBytes: session.inFlightBytes,
    maximumInFlight: output?.sendQuota ?? null,
    outboxBytes: output?.outbox.pendingBytes ?? null,
    blocked: output?.outbox.blocked ?? false,
    rates: explainRates(context, session.clientId),
  };
}

export function explainQueue(
  { profile }: CoreContext,
  queues: QueueKeeper,
  queue: MessageQueue | null,
  inFlightBytes: number,
  policy: QueuePolicy | null,
  kept: boolean,
): ExplainedQueue {
  const { limits, fullQueue } = profile;
  return {
    waitingMessages: queue?.length ?? 0,
    waitingBytes: queue?.bytes ?? 0,
    maximumMessages: Math.min(policy?.messages ?? limits.queuedMessages, limits.queuedMessages),
    maximumBytes: Math.min(policy?.bytes ?? limits.queuedBytes, limits.queuedBytes),
    whenFull: policy?.whenFull ?? fullQueue,
    policyFilter: policy?.topicFilter ?? null,
    full: queues.isFull(queue, 0, inFlightBytes, policy ?? NO_POLICY, kept),
  };
}

/** The session's queue, opened if the store has it yet. */
export function queueOf(queues: QueueKeeper, session: Session): MessageQueue | null {
  return session.queueUnopened ? queues.queueOf(session) : session.queue;
}

function explainRates({ rates, nowMs }: CoreContext, clientId: string): readonly ExplainedRate[] {
  const allowances = rates.meterOf(clientId)?.allowances ?? [];
  return allowances.map((allowance) => ({
    of: allowance.name,
    whenExceeded: allowance.rates.whenExceeded,
    incomingWaitMs: Math.ceil(allowance.incomingWaitMs(nowMs)),
    outgoingWaitMs: Math.ceil(allowance.outgoingWaitMs(nowMs)),
  }));
}

function endOf(context: CoreContext, session: Session): number | null {
  if (session.output !== null || session.sessionExpiryInterval === NEVER_EXPIRES) return null;
  return context.toWallMs(session.disconnectedAtMs + session.sessionExpiryInterval * 1000);
}
