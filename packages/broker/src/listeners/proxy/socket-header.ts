/** Takes the PROXY header off the beginning of a `net.Socket`; what follows it stays in the socket. */
import type { Socket } from 'node:net';
import type { ProxyHeaderResult } from './proxy-header.ts';
import { readProxyHeader } from './proxy-header.ts';
import type { ProxySettings } from './proxy-settings.ts';

/**
 * @param onResult Called once, unless the socket closes first: with the header, or with what is wrong.
 */
export function takeSocketHeader(
  socket: Socket,
  settings: ProxySettings,
  onResult: (result: Exclude<ProxyHeaderResult, { kind: 'incomplete' }>) => void,
): void {
  let gathered: Buffer = Buffer.alloc(0);
  const onReadable = (): void => {
    for (;;) {
      const bytes: Buffer | null = socket.read();
      if (bytes === null) return;
      // An incomplete header is shorter than MAXIMUM_HEADER_BYTES, so this does not grow.
      gathered = gathered.length === 0 ? bytes : Buffer.concat([gathered, bytes]);
      const result = readProxyHeader(gathered, settings.version);
      if (result.kind === 'incomplete') continue;
      socket.off('readable', onReadable);
      socket.off('end', onEnd);
      if (result.kind === 'header' && gathered.length > result.header.length)
        socket.unshift(gathered.subarray(result.header.length));
      onResult(result);
      return;
    }
  };
  // Who stops sending before the header is whole sends no more of it.
  const onEnd = (): void => void socket.destroy();
  socket.on('readable', onReadable);
  socket.on('end', onEnd);
}
