/** A serial line at the other end of a TCP connection, such as ser2net or socat offer one. */
import { connect } from 'node:net';
import { BoundedWriting } from './bounded-writing.ts';
import type { OpenByteStream } from './byte-stream.ts';

/** What may wait to be written: seconds of any serial line. */
const MOST_WAITING_BYTES = 32_768;

/** @returns an opener that rejects with the system's error */
export function tcpStream(host: string, port: number): OpenByteStream {
  return (onBytes, onClosed) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      let closed = false;
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', () => {});
        socket.on('data', (bytes) => {
          if (!closed) onBytes(new Uint8Array(bytes));
        });
        socket.on('close', () => {
          if (!closed) onClosed(new Error(`${host}:${port} closed the connection`));
        });
        const writing = new BoundedWriting(socket, MOST_WAITING_BYTES);
        resolve({
          name: `${host}:${port}`,
          get overflowed() {
            return writing.overflowed;
          },
          write: (bytes) => writing.write(bytes),
          close: async () => {
            closed = true;
            socket.destroy();
          },
        });
      });
    });
}
