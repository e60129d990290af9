/**
 * A transport may be the application's own, and throw: that ends the connection, and reaches nobody who happens to write.
 * Browsers load this with the first connection of a client that has one.
 */
import type { ClientEnvironment } from '../environment.ts';
import type { OpenTransport, Transport } from '../transports/transport.ts';

/** Opens transports that may throw as such that do not. */
export function guardedOpen(open: OpenTransport, environment: ClientEnvironment): OpenTransport {
  return async (server, listener, signal) => {
    const opened = await open(server, listener, signal);
    const transport = guardTransport(opened, (cause) => {
      const error = cause instanceof Error ? cause : new Error('the transport threw no error', { cause });
      // Whoever called it is at work on what ends with the connection.
      environment.soon(() => {
        listener.onClose(error);
        transport.destroy();
      });
    });
    return transport;
  };
}

/** @param onBroken called with what a call threw, in the midst of it; not for `destroy`, behind which nothing can be done */
function guardTransport(transport: Transport, onBroken: (error: unknown) => void): Transport {
  const guard =
    (name: Exclude<keyof Transport, 'sentBytes'>) =>
    (bytes?: Uint8Array): boolean => {
      try {
        return transport[name]!(bytes!) as boolean;
      } catch (error) {
        if (name !== 'destroy') onBroken(error);
        return false;
      }
    };
  const guarded: Transport = {
    write: guard('write'),
    end: guard('end'),
    destroy: guard('destroy'),
    get sentBytes() {
      try {
        return transport.sentBytes;
      } catch {
        return undefined;
      }
    },
  };
  if (transport.pause !== undefined) guarded.pause = guard('pause');
  if (transport.resume !== undefined) guarded.resume = guard('resume');
  return guarded;
}
