/** Why something that a client was asked to do was not done. Stable; the message is for people. */
export type SnClientErrorCode =
  /** The gateway did not answer, however often it was asked. */
  | 'GATEWAY_LOST'
  /** The gateway has no room now (0x01): it is left alone for T_WAIT, and what is asked meanwhile is not sent. */
  | 'CONGESTION'
  /** The gateway does not know the topic identifier (0x02). */
  | 'INVALID_TOPIC_ID'
  /** The gateway will not do it (0x03): a right that is missing, a topic filter that is none, a will without a topic. */
  | 'NOT_SUPPORTED'
  /** The client is not connected, or asleep where it must be awake. */
  | 'NOT_CONNECTED'
  /** The gateway has ended the connection, or the client has. */
  | 'DISCONNECTED'
  /** The message is longer than the way to the gateway carries. Nothing was sent. */
  | 'TOO_LONG'
  /** A thousand requests wait already. Nothing was sent. */
  | 'QUEUE_FULL'
  /** An argument cannot be. Nothing was sent. */
  | 'INVALID_ARGUMENT';

export class SnClientError extends Error {
  override readonly name = 'SnClientError';
  readonly code: SnClientErrorCode;
  /** With `CONGESTION`, how long the gateway is left alone, in ms; otherwise undefined. */
  readonly retryAfterMs: number | undefined;

  constructor(code: SnClientErrorCode, message: string, cause?: unknown, retryAfterMs?: number) {
    super(message, { cause });
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
