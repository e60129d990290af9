// A port in front of a server that does not know MQTT 5.0: such a CONNECT gets the answer that a test chooses, and the
// others are carried on.

import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Where the protocol level stands in a CONNECT that names MQTT: behind a length of one byte, and `00 04 MQTT`. */
const LEVEL_AT = 8;

export class ChoosingServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Levels of the CONNECT packets that came. */
  readonly levels: number[] = [];

  private constructor(targetPort: number, answer: Uint8Array | null) {
    this.#server = createServer((near) => {
      this.#hold(near);
      near.once('data', (first) => {
        const level = first[LEVEL_AT]!;
        this.levels.push(level);
        if (level === 5) {
          if (answer === null) near.destroy();
          else near.end(answer);
          return;
        }
        const far = connect({ host: '127.0.0.1', port: targetPort });
        this.#hold(far);
        far.write(first);
        near.pipe(far).pipe(near);
      });
    });
  }

  /** @param answer null closes the connection without a word */
  static async start(targetPort: number, answer: Uint8Array | null): Promise<ChoosingServer> {
    const server = new ChoosingServer(targetPort, answer);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    // Both ends see it.
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
