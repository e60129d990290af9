/** What the close code of a WebSocket says about its end. Browsers and Node.js share it. */
import { ClientError } from '../client-error.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * The error of a WebSocket that the server closed, or undefined when that was in order: normal, going away, no code given.
 * Code 1006 stands for an end without a close frame.
 */
export function closedByServer(
  { href }: ServerAddress,
  code: number,
  reason: string,
): ClientError | undefined {
  if (code === 1000 || code === 1001 || code === 1005) return undefined;
  return new ClientError(
    'CONNECTION_LOST',
    `the connection to ${href.split('?')[0]} broke: WebSocket close code ${code}${reason && ` (${reason})`}`,
  );
}
