// TLS in front of a port of loopback that has none: what it decrypts, it carries there.

import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import type { Server } from 'node:tls';
import { createServer } from 'node:tls';
import type { KeyPair } from '../../packages/client/test/transports/certificates.ts';

export class TlsRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(keyPair: KeyPair, targetPort: number, clientAuthority: string | undefined) {
    const wantsCertificate = clientAuthority !== undefined;
    const options = { ...keyPair, ca: clientAuthority, requestCert: wantsCertificate };
    this.#server = createServer({ ...options, rejectUnauthorized: wantsCertificate }, (near) => {
      const far = connect({ host: '127.0.0.1', port: targetPort });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        // The other end sees it too.
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
        });
      }
      near.pipe(far).pipe(near);
    });
  }

  /** @param clientAuthority lets in only whom it has signed */
  static async start(keyPair: KeyPair, targetPort: number, clientAuthority?: string): Promise<TlsRelay> {
    const relay = new TlsRelay(keyPair, targetPort, clientAuthority);
    // Whom it does not let in sees so itself.
    relay.#server.on('tlsClientError', () => {});
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
