/**
 * Reasons as a packet can tell them. What ends a connection or refuses a packet has a reason of its own (the
 * authenticator's, an operator's, a name that the peer sent); each packet has only some of the reason codes, and a
 * Reason String is a line, not a document.
 */
import { isReasonCodeOf, isUtf8Encodable, ReasonCode } from '@martlet/protocol';

/** UTF-16 code units. */
const MAX_REASON_STRING_LENGTH = 1000;

/** Surrogates that stand alone, and U+0000. */
const UNTELLABLE: Readonly<RegExp> = /\p{Surrogate}|\0/gu;

/** What comes nearest where the packet does not have the code itself. */
const NEAREST: ReadonlyMap<ReasonCode, ReasonCode> = new Map([
  [ReasonCode.ServerShuttingDown, ReasonCode.ServerUnavailable],
  [ReasonCode.ServerUnavailable, ReasonCode.ServerBusy],
  [ReasonCode.BadUserNameOrPassword, ReasonCode.NotAuthorized],
  [ReasonCode.ClientIdentifierNotValid, ReasonCode.NotAuthorized],
  [ReasonCode.Banned, ReasonCode.NotAuthorized],
]);

/** The packets that tell why: something is refused, or a connection ends. */
type TellingPacket = 'connack' | 'disconnect' | 'puback' | 'pubrec' | 'suback' | 'unsuback';

/** The code with which this packet tells the reason; one that refuses never says success. */
export function toldReasonCode(packet: TellingPacket, reasonCode: ReasonCode): ReasonCode {
  const tellable = (code: ReasonCode): boolean =>
    isReasonCodeOf(packet, code) && (code >= ReasonCode.UnspecifiedError || packet === 'disconnect');
  if (tellable(reasonCode)) return reasonCode;
  const nearest = NEAREST.get(reasonCode);
  return nearest !== undefined && tellable(nearest) ? nearest : ReasonCode.UnspecifiedError;
}

/** The code with which CONNACK tells that a session could not be kept. */
export function unkeptReasonCode(reasonCode: ReasonCode): ReasonCode {
  return reasonCode === ReasonCode.QuotaExceeded ? reasonCode : ReasonCode.ServerUnavailable;
}

/** The text, cut to what a Reason String may be here, between characters; what UTF-8 cannot carry becomes U+FFFD. */
export function toldReasonString(text: string): string {
  const cut =
    text.length <= MAX_REASON_STRING_LENGTH
      ? text
      : text.slice(0, MAX_REASON_STRING_LENGTH).replace(/[\ud800-\udbff]$/, '');
  return isUtf8Encodable(cut) ? cut : cut.replace(UNTELLABLE, '\ufffd');
}

/** Whether so long a text leaves room for more in a Reason String. */
export function tellsMore(length: number): boolean {
  return length < MAX_REASON_STRING_LENGTH;
}
