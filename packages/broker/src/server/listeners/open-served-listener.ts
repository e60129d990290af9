/** How a server opens listeners, unless it is told otherwise. */
import { readFile } from 'node:fs/promises';
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';
import { openListener } from '../../listeners/open-listener.ts';
import { parseRevocationLists, serialDigits } from '../../listeners/tls/revocation-list.ts';
import type { OpenServedListener, ServedListener } from './listener-opening.ts';

/** A WebSocket message may carry the largest packet and, beside it, some small ones. */
const WEBSOCKET_ALLOWANCE = 64 * 1024;

export const openServedListener: OpenServedListener = async (
  configuration,
  { accept, log, activatedSockets, maximumPacketSize, wallMs, tlsKeyLog },
) => {
  const listener = await openListener(configuration, {
    accept,
    log,
    tlsKeyLog,
    wallMs,
    get maximumMessageBytes() {
      return maximumPacketSize() + WEBSOCKET_ALLOWANCE;
    },
    activatedSocket: (socket) =>
      activatedSockets.find(({ descriptor, name }) => socket === name || socket === descriptor)?.descriptor,
  });
  let revoked = await revokedSerials(configuration);
  const prepare = listener.prepare.bind(listener);
  return Object.assign(listener, {
    async prepare(next: ListenerConfiguration) {
      const configure = await prepare(next);
      if (configure === null) return null;
      const revokedNext = await revokedSerials(next);
      return () => {
        configure();
        revoked = revokedNext;
      };
    },
    // By the number alone: should another CA have given the same one, its client is disconnected, and let in again.
    isRevoked: ({ serialNumber }) => revoked.has(serialDigits(serialNumber)),
  } satisfies Pick<ServedListener, 'prepare' | 'isRevoked'>);
};

/** What is wrong with the lists has been told by whoever opened the listener. */
async function revokedSerials({ tls }: ListenerConfiguration): Promise<ReadonlySet<string>> {
  const texts = await Promise.all((tls?.crlFiles ?? []).map((file) => readFile(file, 'utf8')));
  return new Set(texts.flatMap(parseRevocationLists).flatMap(({ revoked }) => [...revoked]));
}
