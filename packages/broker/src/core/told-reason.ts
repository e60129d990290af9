/**
 * Reasons as a packet can tell them. What ends a connection or refuses a packet has a reason of its own (the
 * authenticator's, an operator's, a name that the peer sent); each packet has only some of the reason codes, and a
 * Reason String is a line, not a document.
 */
import { isReasonCodeOf, ReasonCode } from '@martlet/protocol';

/** UTF-16 code units. */
const MAX_REASON_STRING_LENGTH = 1000;

/** What comes nearest where the packet does not have the code itself. */
const NEAREST: ReadonlyMap<ReasonCode, ReasonCode> = new Map([
  [ReasonCode.ServerShuttingDown, ReasonCode.ServerUnavailable],
  [ReasonCode.ServerUnavailable, ReasonCode.ServerBusy],
  [ReasonCode.BadUserNameOrPassword, ReasonCode.NotAuthorized],
  [ReasonCode.ClientIdentifierNotValid, ReasonCode.NotAuthorized],
  [ReasonCode.Banned, ReasonCode.NotAuthorized],
]);

/** The code with which this packet tells the reason; a CONNACK that refuses never says success. */
export function toldReasonCode(packet: 'connack' | 'disconnect', reasonCode: ReasonCode): ReasonCode {
  const tellable = (code: ReasonCode): boolean =>
    isReasonCodeOf(packet, code) && (code >= ReasonCode.UnspecifiedError || packet === 'disconnect');
  if (tellable(reasonCode)) return reasonCode;
  const nearest = NEAREST.get(reasonCode);
  return nearest !== undefined && tellable(nearest) ? nearest : ReasonCode.UnspecifiedError;
}

/** The text, cut to what a Reason String may be here, between characters. */
export function toldReasonString(text: string): string {
  if (text.length <= MAX_REASON_STRING_LENGTH) return text;
  return text.slice(0, MAX_REASON_STRING_LENGTH).replace(/[\ud800-\udbff]$/, '');
}
