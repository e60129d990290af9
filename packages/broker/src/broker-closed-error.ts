/** The application asks a broker for something that `close` has ended. */
export class BrokerClosedError extends Error {
  override readonly name = 'BrokerClosedError';
  readonly code = 'BROKER_CLOSED';

  /** @param call What was called, such as `publish`. */
  constructor(call: string) {
    super(`${call}: the broker has been closed; make another one with createBroker`);
  }
}
