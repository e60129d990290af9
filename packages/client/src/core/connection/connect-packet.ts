/** CONNECT, from the client's options and what holds for one attempt. */
import type { ConnectPacket, ConnectProperties, Will } from '@martlet/protocol';
import { ProtocolVersion } from '@martlet/protocol';

/** What of the options stands in CONNECT. */
export interface ConnectOptions
  extends Required<Omit<ConnectProperties, 'authenticationMethod' | 'authenticationData'>> {
  readonly keepAlive: number;
  readonly will: Will | undefined;
  /** Whether the session is to outlive connections before MQTT 5.0, which can give it no time. */
  readonly keepsSession: boolean;
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

/** Fields that are undefined are left out by the codec. */
export function connectPacket(options: ConnectOptions, attempt: Attempt): ConnectPacket {
  const { authenticationMethod, authenticationData, ...fields } = attempt;
  const { sessionExpiryInterval, receiveMaximum, maximumPacketSize, topicAliasMaximum } = options;
  const isV5 = fields.protocolVersion === ProtocolVersion.V5;
  return {
    type: 'connect',
    ...fields,
    // Before MQTT 5.0 the flag also says that the session ends with the connection. [MQTT-3.1.2-4] [MQTT-3.1.2-6] 3.1.1
    cleanStart: fields.cleanStart || (!isV5 && !options.keepsSession),
    keepAlive: options.keepAlive,
    will: options.will,
    properties: isV5
      ? {
          sessionExpiryInterval,
          receiveMaximum,
          maximumPacketSize,
          topicAliasMaximum,
          requestResponseInformation: options.requestResponseInformation,
          requestProblemInformation: options.requestProblemInformation,
          userProperties: options.userProperties,
          authenticationMethod,
          authenticationData,
        }
      : {},
  } as ConnectPacket;
}
