import { ClientError, errorText } from '../client-error.ts';

/** What a store threw, as the client tells it. */
export function storeError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError('STORE_FAILED', `the store of the session failed: ${errorText(error)}`, error);
}
