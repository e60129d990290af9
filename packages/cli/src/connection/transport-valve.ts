/**
 * Stops reading from a connection while whoever takes its messages does not keep up: the server then waits, and memory stays
 * as it is. The client's own way of holding a server back lets messages through while it waits for an answer of the server.
 */
import type { OpenTransport, Transport } from '@martlet/client';

export class TransportValve {
  #transport: Transport | undefined;
  #isHeld = false;
  /** The client has paused it too, and goes on when it wants. */
  #isPausedAbove = false;

  /** For `ClientNeeds.wrapTransport`. */
  wrap(open: OpenTransport): OpenTransport {
    return async (server, listener, signal) => {
      const transport = await open(server, listener, signal);
      this.#transport = transport;
      this.#isPausedAbove = false;
      if (this.#isHeld) transport.pause?.();
      return this.#above(transport);
    };
  }

  /** Reads nothing more until `release`, also of a connection that is opened meanwhile. */
  hold(): void {
    this.#isHeld = true;
    this.#transport?.pause?.();
  }

  release(): void {
    this.#isHeld = false;
    if (!this.#isPausedAbove) this.#transport?.resume?.();
  }

  #above(transport: Transport): Transport {
    return {
      write: (bytes) => transport.write(bytes),
      get sentBytes() {
        return transport.sentBytes;
      },
      end: () => transport.end(),
      destroy: () => transport.destroy(),
      pause: () => {
        this.#isPausedAbove = true;
        transport.pause?.();
      },
      resume: () => {
        this.#isPausedAbove = false;
        if (!this.#isHeld) transport.resume?.();
      },
    };
  }
}
