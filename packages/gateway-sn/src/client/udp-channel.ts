/** The way to one gateway over UDP. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { DatagramChannel, OpenChannel } from './datagram-channel.ts';

/** What a datagram of UDP carries over IPv4. */
const MAXIMUM_BYTES = 65_507;

/**
 * A socket of its own towards one gateway. What comes from elsewhere is not heard.
 * @param host a name or an address
 */
export function udpChannel(host: string, port: number): OpenChannel {
  return async (onDatagram, onClosed) => {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    let closed = false;
    socket.on('message', (bytes) => {
      if (!closed) onDatagram(bytes);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.connect(port, address, () => {
        socket.removeAllListeners('error');
        resolve();
      });
    });
    // "Connection refused" comes as an error of a later send: the retries find out, or it is there again.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!closed && error.code !== 'ECONNREFUSED') onClosed(error);
    });
    return {
      maximumMessageBytes: MAXIMUM_BYTES,
      send: (bytes) => {
        if (!closed) socket.send(bytes, () => {});
      },
      close: () =>
        new Promise<void>((resolve) => {
          if (closed) {
            resolve();
            return;
          }
          closed = true;
          socket.close(() => resolve());
        }),
    } satisfies DatagramChannel;
  };
}
