/** What may change while the listener listens. */
export interface WebSocketSettings {
  /** `*`: any. */
  readonly path: string;
  /** Undefined: over a loopback address, pages of this machine; else all. */
  readonly origins: readonly string[] | undefined;
  readonly maximumMessageBytes: number;
  readonly maximumHttpConnections: number;
  readonly headersTimeoutMs: number;
}
