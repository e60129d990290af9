/**
 * Whether and when to connect again, by what ended the connection: a pure function of that, of how often it failed in a
 * row, and of a random number.
 */
import { ReasonCode } from '@martlet/protocol';
import type { ConnectionEnd } from '../connection/connection-end.ts';

export interface ReconnectLimits {
  /** The range of the first delay; it doubles with every failure. */
  readonly minimumDelayMs: number;
  readonly maximumDelayMs: number;
  /** Failures in a row after which to give up. */
  readonly attempts: number;
}

export type ReconnectDecision =
  | { readonly kind: 'stop' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** The server said where to go, and the client was told to follow. */
  | { readonly kind: 'follow'; readonly serverReference: string };

/** A busy server is not asked again before this, in milliseconds. */
const BUSY_DELAY_MS = 5000;

const BUSY: ReadonlySet<ReasonCode | undefined> = new Set<ReasonCode>([
  ReasonCode.ServerBusy,
  ReasonCode.ServerUnavailable,
  ReasonCode.QuotaExceeded,
  ReasonCode.ConnectionRateExceeded,
  ReasonCode.MessageRateTooHigh,
]);

/** Refusals that the same CONNECT will get again. */
const HOPELESS: ReadonlySet<ReasonCode | undefined> = new Set<ReasonCode>([
  ReasonCode.MalformedPacket,
  ReasonCode.ProtocolError,
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
  ReasonCode.Banned,
  ReasonCode.BadAuthenticationMethod,
  ReasonCode.TopicNameInvalid,
  ReasonCode.PacketTooLarge,
  ReasonCode.PayloadFormatInvalid,
  ReasonCode.RetainNotSupported,
  ReasonCode.QosNotSupported,
]);

export interface ReconnectSituation {
  readonly end: ConnectionEnd;
  /** Attempts that failed since the client was last online. */
  readonly failures: number;
  /** Whether CONNECT is the same each time: not so when the application gives new credentials for each attempt. */
  readonly isSame: boolean;
  /** Whether this client has been online before: then a refusal may be a passing one. */
  readonly wasEverOnline: boolean;
  readonly follows: boolean;
  /** At least 0, below 1. */
  readonly random: number;
}

export function decideReconnect(limits: ReconnectLimits, situation: ReconnectSituation): ReconnectDecision {
  const { end, failures, random } = situation;
  const { reasonCode, serverReference } = end;
  const isElsewhere = reasonCode === ReasonCode.UseAnotherServer || reasonCode === ReasonCode.ServerMoved;
  if (isElsewhere && situation.follows && serverReference !== undefined) {
    return failures >= limits.attempts ? { kind: 'stop' } : { kind: 'follow', serverReference };
  }
  // Another client has our identifier: who connects again only takes it back, and so on for ever.
  if (reasonCode === ReasonCode.SessionTakenOver || reasonCode === ReasonCode.ServerMoved)
    return { kind: 'stop' };
  const isRefusal = !end.wasOnline && end.by === 'server';
  if (isRefusal && HOPELESS.has(reasonCode) && situation.isSame && !situation.wasEverOnline)
    return { kind: 'stop' };
  if (failures >= limits.attempts) return { kind: 'stop' };
  // Full jitter: clients that lost the same server do not come back at the same moment.
  const rangeMs = Math.min(limits.maximumDelayMs, limits.minimumDelayMs * 2 ** Math.min(failures, 30));
  const leastMs = BUSY.has(reasonCode) ? Math.min(BUSY_DELAY_MS, limits.maximumDelayMs) : 0;
  return { kind: 'retry', delayMs: leastMs + random * rangeMs };
}
