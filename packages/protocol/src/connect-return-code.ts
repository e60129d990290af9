import { ReasonCode } from './reason-code.ts';

/** The return codes of CONNACK in MQTT 3.1 and 3.1.1. */
export const ConnectReturnCode = {
  Accepted: 0,
  UnacceptableProtocolVersion: 1,
  IdentifierRejected: 2,
  ServerUnavailable: 3,
  BadUserNameOrPassword: 4,
  NotAuthorized: 5,
} as const;

export type ConnectReturnCode = (typeof ConnectReturnCode)[keyof typeof ConnectReturnCode];

/** What each return code means in MQTT 5.0 terms, in the order of their values. */
const REASON_CODE_OF: readonly ReasonCode[] = [
  ReasonCode.Success,
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.ServerUnavailable,
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
];

/** What a CONNACK return code of 3.1 or 3.1.1 means in MQTT 5.0 terms; `undefined` for a reserved value. */
export function reasonCodeForConnectReturnCode(returnCode: number): ReasonCode | undefined {
  return REASON_CODE_OF[returnCode];
}

/**
 * What a 3.1 or 3.1.1 client is told instead of this CONNACK reason code. `undefined` when none of its return codes
 * fits: then the connection is closed without a CONNACK.
 */
export function connectReturnCodeFor(reasonCode: ReasonCode): ConnectReturnCode | undefined {
  switch (reasonCode) {
    case ReasonCode.Success:
      return ConnectReturnCode.Accepted;
    case ReasonCode.UnsupportedProtocolVersion:
      return ConnectReturnCode.UnacceptableProtocolVersion;
    case ReasonCode.ClientIdentifierNotValid:
      return ConnectReturnCode.IdentifierRejected;
    case ReasonCode.ServerUnavailable:
    case ReasonCode.ServerBusy:
    case ReasonCode.QuotaExceeded:
    case ReasonCode.UseAnotherServer:
    case ReasonCode.ServerMoved:
    case ReasonCode.ConnectionRateExceeded:
      return ConnectReturnCode.ServerUnavailable;
    case ReasonCode.BadUserNameOrPassword:
      return ConnectReturnCode.BadUserNameOrPassword;
    case ReasonCode.NotAuthorized:
    case ReasonCode.Banned:
    case ReasonCode.BadAuthenticationMethod:
      return ConnectReturnCode.NotAuthorized;
    default:
      return undefined;
  }
}
