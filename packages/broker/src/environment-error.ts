/** What an {@link EnvironmentError} is about. Stable; the message is for people. */
export type EnvironmentErrorCode =
  /** Another process listens there. */
  | 'ADDRESS_IN_USE'
  /** This process may not listen there. */
  | 'LISTEN_NOT_PERMITTED'
  /** This machine has no such address, or no such host name is known. */
  | 'ADDRESS_NOT_AVAILABLE'
  /** The operating system refused for another reason, which `cause` tells. */
  | 'LISTEN_FAILED'
  /** A file or socket that the server needs besides its listeners: its log, its pid file, its control socket. */
  | 'LOG_NOT_OPENED'
  | 'PID_FILE_NOT_WRITTEN'
  | 'CONTROL_SOCKET_NOT_OPENED'
  /** Something that a configuration names does not answer. */
  | 'RELOAD_TOOK_TOO_LONG'
  /** The user of the system as which it is to run is not known, or it may not become that user. */
  | 'USER_NOT_CHANGED';

/**
 * What the machine around the broker refused: a port in use, no right to bind. Nobody's protocol error and no bug.
 * The message is one line that says what to do; `cause` is the system's own error.
 */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly code: EnvironmentErrorCode;

  constructor(code: EnvironmentErrorCode, message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
