/** CONNECT, from the client's options and what holds for one attempt. */
import type { ConnectPacket, Will } from '@martlet/protocol';
import { ProtocolVersion } from '@martlet/protocol';

/** What of the options stands in CONNECT. */
export interface ConnectFields {
  readonly keepAlive: number;
  /** Seconds; also says before MQTT 5.0 whether a session is wanted: then any but 0 means one. */
  readonly sessionExpiryInterval: number;
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly requestResponseInformation: boolean;
  readonly requestProblemInformation: boolean;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
  readonly will: Will | undefined;
}

/** What may differ from one attempt to the next. */
export interface Attempt {
  readonly protocolVersion: ProtocolVersion;
  readonly clientId: string;
  readonly cleanStart: boolean;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Uint8Array | undefined;
}

export function connectPacket(fields: ConnectFields, attempt: Attempt): ConnectPacket {
  const { keepAlive, sessionExpiryInterval, will } = fields;
  const { protocolVersion, clientId, username, password, authenticationMethod, authenticationData } = attempt;
  const isV5 = protocolVersion === ProtocolVersion.V5;
  return {
    type: 'connect',
    protocolVersion,
    clientId,
    // Before MQTT 5.0 the flag also says that the session ends with the connection.
    cleanStart: attempt.cleanStart || (!isV5 && sessionExpiryInterval === 0),
    keepAlive,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will }),
    properties: isV5
      ? {
          sessionExpiryInterval,
          receiveMaximum: fields.receiveMaximum,
          maximumPacketSize: fields.maximumPacketSize,
          topicAliasMaximum: fields.topicAliasMaximum,
          requestResponseInformation: fields.requestResponseInformation,
          requestProblemInformation: fields.requestProblemInformation,
          ...(fields.userProperties.length === 0 ? {} : { userProperties: fields.userProperties }),
          ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
          ...(authenticationData === undefined ? {} : { authenticationData }),
        }
      : {},
  };
}
