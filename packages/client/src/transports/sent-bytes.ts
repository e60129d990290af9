import type { Socket } from 'node:net';

/** What is beneath a socket of Node.js; beneath TLS there is one more. */
interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  readonly _parent?: Handle;
}

/**
 * How many bytes have left a socket of Node.js for the kernel. `writableLength` shrinks only when a whole write is done, which
 * for a large message on a slow network takes minutes; what the handle still has says more, and Node.js has its own time
 * limits of sockets look at the same. Where there is no such handle, as in other runtimes, whole writes must do.
 */
export function sentBytes(socket: Socket): number {
  const { _handle: upper } = socket as { _handle?: Handle | null };
  const handle = upper?._parent ?? upper;
  const left = Number(handle?.bytesWritten) - Number(handle?.writeQueueSize);
  return Number.isNaN(left) ? (socket.bytesWritten ?? 0) - socket.writableLength : left;
}
