/** A serial line at the other end of a TCP connection, such as ser2net or socat offer one. */
import { connect } from 'node:net';
import type { OpenByteStream } from './byte-stream.ts';

export function tcpStream(host: string, port: number): OpenByteStream {
  return (onBytes, onClosed) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      let closed = false;
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', () => {});
        socket.on('data', (bytes) => onBytes(new Uint8Array(bytes)));
        socket.on('close', () => {
          if (!closed) onClosed(new Error(`${host}:${port} closed the connection`));
        });
        resolve({
          name: `${host}:${port}`,
          write: (bytes) => {
            if (!closed) socket.write(bytes);
          },
          close: async () => {
            closed = true;
            socket.destroy();
          },
        });
      });
    });
}
