/** A transport may be the application's own, and throw: that ends the connection, and reaches nobody who happens to write. */
import type { Transport } from '../transports/transport.ts';

/** @param onBroken called with what a call threw, in the midst of it; not for `destroy`, behind which nothing can be done */
export function guardTransport(transport: Transport, onBroken: (error: unknown) => void): Transport {
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
