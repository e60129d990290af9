/** How Mosquitto's log tells that a connection has ended. */
import { ReasonCode, reasonCodeText } from '@martlet/protocol';
import type { LogLevel } from '../../core/ports/log.ts';

export interface EndedConnection {
  /** Undefined: it was not known yet. */
  readonly clientId: string | undefined;
  readonly reasonCode: ReasonCode | undefined;
  readonly reason: string;
}

/** What the core says when a peer has closed its end in order. */
const CLOSED_BY_PEER = 'the network connection was closed';

export interface EndingLine {
  readonly level: LogLevel;
  readonly text: string;
}

export function endingLine({ clientId, reasonCode, reason }: EndedConnection): EndingLine {
  const client = `Client ${clientId === undefined || clientId === '' ? '<unknown>' : clientId}`;
  const notice = (text: string): EndingLine => ({ level: 'notice', text: `${client} ${text}` });
  switch (reasonCode) {
    case ReasonCode.NormalDisconnection:
    case ReasonCode.DisconnectWithWillMessage:
      return notice('disconnected.');
    case ReasonCode.KeepAliveTimeout:
      return notice('has exceeded timeout, disconnecting.');
    case ReasonCode.SessionTakenOver:
      return { level: 'error', text: `${client} already connected, closing old connection.` };
    case ReasonCode.MalformedPacket:
      return notice('disconnected due to malformed packet.');
    case ReasonCode.ProtocolError:
    case ReasonCode.UnsupportedProtocolVersion:
    case ReasonCode.ClientIdentifierNotValid:
      return notice('disconnected due to protocol error.');
    case ReasonCode.NotAuthorized:
    case ReasonCode.BadUserNameOrPassword:
    case ReasonCode.Banned:
      return notice('disconnected, not authorised.');
    case ReasonCode.PacketTooLarge:
      return notice('disconnected due to oversize packet.');
    case ReasonCode.AdministrativeAction:
      return notice('been disconnected by administrative action.');
    default:
      if (reason === CLOSED_BY_PEER) return notice('closed its connection.');
      return notice(`disconnected: ${reason === '' ? reasonText(reasonCode) : reason}.`);
  }
}

function reasonText(reasonCode: ReasonCode | undefined): string {
  return reasonCode === undefined ? 'closed' : reasonCodeText(reasonCode);
}
