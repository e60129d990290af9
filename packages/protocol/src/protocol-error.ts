/**
 * What a peer did wrong. Every error that bytes from outside can cause is a {@link RemoteError}; it ends that peer's
 * connection and never more. Misuse of this library's own functions is a `TypeError` or `RangeError` instead.
 *
 * One error is made per refused connection, so there is no work in them beyond the message.
 */
import { ReasonCode } from './reason-code.ts';
import { ProtocolVersion } from './version.ts';

export type RemoteErrorCode = 'MALFORMED_PACKET' | 'PROTOCOL_ERROR' | 'UNSUPPORTED_PROTOCOL_VERSION';

/** The peer broke the protocol. Its connection ends, with `reasonCode` where the version can say it. */
export abstract class RemoteError extends Error {
  /** Stable, for programs; the message is for people. */
  abstract readonly code: RemoteErrorCode;
  /** What CONNACK or DISCONNECT says in MQTT 5.0. */
  readonly reasonCode: ReasonCode;

  constructor(message: string, reasonCode: ReasonCode) {
    super(message);
    this.reasonCode = reasonCode;
  }
}

/** The bytes are no packet of this version: "data that cannot be parsed according to the specification". */
export class MalformedPacketError extends RemoteError {
  override readonly name = 'MalformedPacketError';
  readonly code = 'MALFORMED_PACKET';

  constructor(message: string, reasonCode: ReasonCode = ReasonCode.MalformedPacket) {
    super(message, reasonCode);
  }
}

/** The packet can be read, but is not allowed in its content or at this moment. */
export class ProtocolError extends RemoteError {
  override readonly name = 'ProtocolError';
  readonly code = 'PROTOCOL_ERROR';

  constructor(message: string, reasonCode: ReasonCode = ReasonCode.ProtocolError) {
    super(message, reasonCode);
  }
}

/** A CONNECT of a protocol that is not MQTT 3.1, 3.1.1 or 5.0. */
export class UnsupportedProtocolVersionError extends RemoteError {
  override readonly name = 'UnsupportedProtocolVersionError';
  readonly code = 'UNSUPPORTED_PROTOCOL_VERSION';
  readonly protocolName: string;
  readonly protocolLevel: number;

  constructor(protocolName: string, protocolLevel: number) {
    super(
      `expected protocol MQIsdp 3, MQTT 4 or MQTT 5, got ${JSON.stringify(protocolName.slice(0, 20))} ${protocolLevel}`,
      ReasonCode.UnsupportedProtocolVersion,
    );
    this.protocolName = protocolName;
    this.protocolLevel = protocolLevel;
  }

  /**
   * The version in which to encode the CONNACK that says so (return code 0x01, or reason code 0x84 from level 5 on);
   * `undefined` when the peer does not speak MQTT at all and gets no answer.
   */
  get answerVersion(): ProtocolVersion | undefined {
    if (this.protocolName !== 'MQTT') {
      return this.protocolName === 'MQIsdp' ? ProtocolVersion.V311 : undefined; // [MQTT-3.1.2-1] [MQTT-3.1.2-1] 3.1.1
    }
    const isNewer = this.protocolLevel > ProtocolVersion.V5 && this.protocolLevel < 0x80;
    return isNewer ? ProtocolVersion.V5 : ProtocolVersion.V311; // [MQTT-3.1.2-2] [MQTT-3.1.2-2] 3.1.1
  }
}
