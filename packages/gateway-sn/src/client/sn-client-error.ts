/** Why something that a client was asked to do was not done. Stable; the message is for people. */
export type SnClientErrorCode =
  /** The gateway did not answer, however often it was asked. */
  | 'GATEWAY_LOST'
  /** No gateway answered a search. */
  | 'NO_GATEWAY'
  /** The gateway has no room now (0x01): it is to be left alone for a while (T_WAIT, 5 minutes). */
  | 'CONGESTION'
  /** The gateway does not know the topic identifier (0x02). */
  | 'INVALID_TOPIC_ID'
  /** The gateway will not do it (0x03): a right that is missing, a topic filter that is none, a will without a topic. */
  | 'NOT_SUPPORTED'
  /** The client is not connected, or asleep where it must be awake. */
  | 'NOT_CONNECTED'
  /** The gateway has ended the connection, or the client has. */
  | 'DISCONNECTED'
  /** An argument cannot be. */
  | 'INVALID_ARGUMENT';

export class SnClientError extends Error {
  override readonly name = 'SnClientError';
  readonly code: SnClientErrorCode;

  constructor(code: SnClientErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
