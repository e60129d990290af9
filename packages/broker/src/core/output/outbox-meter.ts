/** Told of messages that are added to an outbox, where a rate bounds them. */
export interface OutboxMeter {
  onSent(messages: number, bytes: number): void;
}
