/**
 * `NEVER_SETTLES`: something goes round for ever. `NEVER_HAPPENED`: what `waitFor` waited for has not come about.
 * `BROKER_DOWN`: the test has taken the broker down, or closed it.
 */
export type TestBrokerErrorCode = 'NEVER_SETTLES' | 'NEVER_HAPPENED' | 'BROKER_DOWN';

/** What a test broker cannot do. `code` is stable; the message says what was expected and what to do. */
export class TestBrokerError extends Error {
  override readonly name = 'TestBrokerError';
  readonly code: TestBrokerErrorCode;

  constructor(code: TestBrokerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
