/**
 * Everything that a client reports as an error. `kind` says who is to blame: the caller (`local`), the server that broke
 * the protocol (`remote`), the network or the disk (`environment`); or nobody, because something was refused (`refusal`).
 * `code` is stable and for programs; the message says what was expected, what came and what to do, for people.
 */
import type { ReasonCode } from '@martlet/protocol';

export type ClientErrorKind = 'local' | 'remote' | 'refusal' | 'environment';

type LocalErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_TOPIC'
  | 'INVALID_PAYLOAD'
  | 'NOT_SUPPORTED_BY_SERVER'
  | 'PACKET_TOO_LARGE'
  | 'QUEUE_FULL'
  | 'CLOSED'
  | 'ABORTED'
  | 'STALLED'
  | 'UNROUTED';

/** The other codes with their kinds. */
const KINDS = {
  TIMEOUT: 'environment',
  CONNECTION_FAILED: 'environment',
  CONNECTION_LOST: 'environment',
  SHORT_CONNECTIONS: 'environment',
  STORE_FAILED: 'environment',
  PROTOCOL_BROKEN: 'remote',
  REFUSED: 'refusal',
  REQUEST_FAILED: 'refusal',
  SESSION_LOST: 'refusal',
  SESSION_TAKEN_OVER: 'refusal',
  AUTHENTICATION_FAILED: 'refusal',
  QUARANTINED: 'refusal',
} as const;

export type ClientErrorCode = LocalErrorCode | keyof typeof KINDS;

export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  readonly kind: ClientErrorKind;
  /** What the server said, where it said anything. */
  readonly reasonCode: ReasonCode | undefined;

  constructor(code: ClientErrorCode, message: string, cause?: unknown, reasonCode?: ReasonCode) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.kind = (KINDS as { readonly [Code in ClientErrorCode]?: ClientErrorKind })[code] ?? 'local';
    this.reasonCode = reasonCode;
  }
}

/** What was thrown, in words. Anything can be thrown, also what has none. */
export function errorText(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'an error without a text';
  }
}
