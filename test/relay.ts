// A network between a client and a broker on loopback that a test can cut, or make swallow everything, which is what a
// half-open connection looks like from either end. It carries bytes and knows nothing of them.

import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #refuses = false;
  #accepted = 0;
  #fromClients = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((near) => {
      if (this.#refuses) {
        near.destroy();
        return;
      }
      this.#accepted++;
      const far = connect({ host: '127.0.0.1', port: targetPort });
      near.on('data', () => {
        this.#fromClients++;
      });
      this.#carry(near, far);
      this.#carry(far, near);
    });
  }

  /** Listens on a free port of loopback, and carries each connection to `targetPort`. */
  static async start(targetPort: number): Promise<Relay> {
    const relay = new Relay(targetPort);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that were carried so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Reads of what clients sent: at least one for each packet that was sent by itself. */
  get fromClients(): number {
    return this.#fromClients;
  }

  /** Ends every connection, without a goodbye. New ones are carried. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets the connections of now stand and carries nothing on them any more. New ones are carried. */
  swallow(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').resume();
  }

  /** Whether new connections are ended as soon as they come. */
  set refusing(refuses: boolean) {
    this.#refuses = refuses;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => to.write(bytes));
    // What went wrong does not matter: both ends see the connection end.
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
