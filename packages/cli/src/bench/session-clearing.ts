/** Takes away the sessions that a run with `-c` or `-x` has left at the server: no other client will ever ask for them. */
import type { Client, ConnectOptions } from '@martlet/client';

/** Sessions that are taken away at once. */
const AT_ONCE = 50;

/** What fails stays, and nobody is told: the run is over. Nothing where no session was to be kept. */
export async function clearSessions(
  clientIds: readonly string[],
  options: ConnectOptions,
  connect: (options: ConnectOptions) => Client,
  timeoutMs: number,
): Promise<void> {
  if ((options.sessionExpiryInterval ?? 0) === 0) return;
  const left = [...clientIds];
  const clearInTurn = async (): Promise<void> => {
    for (let clientId = left.pop(); clientId !== undefined; clientId = left.pop()) {
      const client = connect({ ...options, clientId, cleanStart: true, sessionExpiryInterval: 0 });
      client.on('offline', () => {});
      client.on('error', () => {});
      await client.connected({ timeoutMs }).catch(() => {});
      await client.close({ timeoutMs });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, clearInTurn));
}
