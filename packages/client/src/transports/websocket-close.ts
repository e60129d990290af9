/** What the close code of a WebSocket says about its end. Browsers and Node.js share it. */
import { ClientError } from '../client-error.ts';
import type { ServerAddress } from './server-address.ts';

/** By these codes a server refuses what it was sent (RFC 6455, 7.4.1): protocol, data, policy, size. */
const REFUSALS: readonly number[] = [1002, 1003, 1007, 1008, 1009];

/**
 * The error of a WebSocket that the server closed, or undefined when that was in order: normal, going away, no code given.
 * Code 1006 stands for an end without a close frame.
 */
export function closedByServer(
  { href }: ServerAddress,
  code: number,
  reason: string,
): (ClientError & { readonly refused: boolean }) | undefined {
  if (code === 1000 || code === 1001 || code === 1005) return undefined;
  const text = `the connection to ${href.split('?')[0]} broke: WebSocket close code ${code}${reason && ` (${reason})`}`;
  return Object.assign(new ClientError('CONNECTION_LOST', text), { refused: REFUSALS.includes(code) });
}
