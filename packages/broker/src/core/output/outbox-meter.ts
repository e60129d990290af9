/** Told of messages that are added to an outbox, where a rate bounds them. */
export interface OutboxMeter {
  /** Whose rate holds the outbox back, or did last. */
  readonly reason: string;
  onSent(messages: number, bytes: number): void;
}
