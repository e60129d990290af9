/**
 * Enhanced authentication of MQTT 5.0 (section 4.12): a method, and the conversation it has with the server on each
 * connection and each re-authentication.
 */
export interface Authentication {
  /** The Authentication Method, such as `SCRAM-SHA-256`. */
  readonly method: string;
  /** Begins a conversation: one for each CONNECT, and one for each re-authentication. */
  begin(): AuthenticationExchange;
}

export interface AuthenticationExchange {
  /** The Authentication Data of CONNECT, or of the AUTH packet that begins a re-authentication. */
  first(): MaybePromise<Uint8Array | undefined>;
  /** Answers an AUTH packet of the server that continues. A rejection ends the connection with Not authorized. */
  next(data: Uint8Array | undefined): MaybePromise<Uint8Array | undefined>;
  /** The server accepts; its data is to be checked where the method proves the server. A rejection ends the connection. */
  last(data: Uint8Array | undefined): MaybePromise<void>;
}

export type MaybePromise<T> = T | Promise<T>;
