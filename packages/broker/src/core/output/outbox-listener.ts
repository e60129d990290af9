/** Whoever is told what becomes of an outbox. */
export interface OutboxListener {
  /** So many final acknowledgements, and so many QoS 0 messages, were handed to the network. */
  onHandedOver(acknowledgements: number, qos0Messages: number): void;
  /** There is room again where there was none. */
  onRoom(): void;
  /** So many QoS 0 messages will never be handed over. */
  onUnsent(qos0Messages: number): void;
}
