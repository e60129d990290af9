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

/** A busy server is not asked again before this, in milliseconds. */
const BUSY_DELAY_MS = 5000;

const BUSY: readonly (ReasonCode | undefined)[] = [
  ReasonCode.ServerBusy,
  ReasonCode.ServerUnavailable,
  ReasonCode.QuotaExceeded,
  ReasonCode.ConnectionRateExceeded,
  ReasonCode.MessageRateTooHigh,
];

/** Refusals that the same CONNECT will get again. */
const HOPELESS: readonly (ReasonCode | undefined)[] = [
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
];

export interface ReconnectSituation {
  readonly end: ConnectionEnd;
  /** Attempts that failed since a connection last proved useful. */
  readonly failures: number;
  /** Whether nothing can differ next time: CONNECT is the same, and the server has never taken it. */
  readonly isSame: boolean;
  /** Whether the client now goes where the server says. */
  readonly follows: boolean;
  /** At least 0, below 1. */
  readonly random: number;
}

/** Whether the server wants us to use another one. */
export function isElsewhere({ error: { reasonCode } }: ConnectionEnd): boolean {
  return reasonCode === ReasonCode.UseAnotherServer || reasonCode === ReasonCode.ServerMoved;
}

/** Milliseconds to the next attempt, whole; undefined when there is to be none. */
export function reconnectDelayMs(
  { attempts, minimumDelayMs, maximumDelayMs }: ReconnectLimits,
  { end, failures, isSame, follows, random }: ReconnectSituation,
): number | undefined {
  const { wasOnline, by, error } = end;
  const { reasonCode } = error;
  if (failures >= attempts) return undefined;
  // Another client has our identifier: who connects again only takes it back, and so on for ever.
  if (reasonCode === ReasonCode.SessionTakenOver) return undefined;
  if (isElsewhere(end) && !follows) return undefined;
  const isRefusal = !wasOnline && by === 'server' && HOPELESS.includes(reasonCode);
  if (isSame && (isRefusal || error.code === 'AUTHENTICATION_FAILED')) return undefined;
  if (follows && failures === 0) return 0;
  // Full jitter: clients that lost the same server do not come back at the same moment.
  const rangeMs = Math.min(maximumDelayMs, minimumDelayMs * 2 ** Math.min(failures, 30));
  const leastMs = BUSY.includes(reasonCode) ? Math.min(BUSY_DELAY_MS, maximumDelayMs) : 0;
  return Math.round(leastMs + random * rangeMs);
}
