// A network between a client and a broker on loopback that a test can cut, or make swallow everything, which is what a
// half-open connection looks like from either end. It carries bytes and knows nothing of them.

import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export type Way = 'toServer' | 'toClient';

/** @param connection counts those that were carried, from 1 */
type OnBytes = (bytes: Uint8Array, way: Way, connection: number) => void;

export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #refuses = false;
  #accepted = 0;
  #fromClients = 0;
  readonly #onBytes: OnBytes;

  private constructor(targetPort: number, onBytes: OnBytes) {
    this.#onBytes = onBytes;
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
      this.#carry(near, far, 'toServer', this.#accepted);
      this.#carry(far, near, 'toClient', this.#accepted);
    });
  }

  /**
   * Listens on a free port of loopback, and carries each connection to `targetPort`.
   * @param onBytes is shown what came, before it is carried on; when it cuts, that is not
   */
  static async start(targetPort: number, onBytes: OnBytes = () => {}): Promise<Relay> {
    const relay = new Relay(targetPort, onBytes);
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

  #carry(from: Socket, to: Socket, way: Way, connection: number): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      this.#onBytes(bytes, way, connection);
      if (!to.destroyed) to.write(bytes);
    });
    // What went wrong does not matter: both ends see the connection end.
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
