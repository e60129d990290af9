/** A connection that was there is lost: what that is called, and the exit code of Mosquitto's tools for it. */
import type { ClientError } from '@martlet/client';
import { ConnectionFailure } from './connection-failure.ts';

const CONNECTION_LOST = 7;

/**
 * What the client says of a broken connection ends with advice for whoever cannot connect at all; here there was a connection, and
 * only what the system said is news.
 */
export function lostText(error: ClientError): string {
  const { code, cause } = error;
  const systemCode = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code === 'CONNECTION_LOST' && typeof systemCode === 'string'
    ? `the connection was lost (${systemCode})`
    : error.message;
}

/** @param more what there is to say besides */
export function lostConnection(error: ClientError, more?: string): ConnectionFailure {
  const text = lostText(error);
  return new ConnectionFailure(more === undefined ? text : `${text}; ${more}`, CONNECTION_LOST, error);
}
