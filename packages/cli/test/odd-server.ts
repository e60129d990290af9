// A server on a free port of loopback that does with each connection what a test says.

import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import type { Packet, ProtocolVersion, ServerPacket } from '@martlet/protocol';
import { decodePacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';

const LONGEST_PACKET = 65_536;

export class OddServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
  }

  static start(onSocket: (socket: Socket) => void, host = '127.0.0.1'): Promise<OddServer> {
    return OddServer.#listening(createServer(onSocket), host);
  }

  static startTls(options: TlsOptions, onSocket: (socket: Socket) => void): Promise<OddServer> {
    const server = createTlsServer(options, (socket) => {
      socket.on('error', () => {});
      onSocket(socket);
    });
    server.on('tlsClientError', () => {});
    return OddServer.#listening(server, '127.0.0.1');
  }

  static async #listening(server: Server, host: string): Promise<OddServer> {
    const odd = new OddServer(server);
    server.listen(0, host);
    await once(server, 'listening');
    return odd;
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

/** What comes back for a packet; `close` ends the connection after those before it. */
export type Answer = (packet: Packet) => readonly (ServerPacket | 'close')[];

/** Speaks MQTT, as a table of answers says. */
export function speaking(answer: Answer): (socket: Socket) => void {
  return (socket) => {
    let version: ProtocolVersion = 5;
    const stream = new PacketStream(
      {
        onShown: () => {},
        onFrame: (bytes, start, body, end) => {
          const packet = decodePacket(bytes.slice(start, end), 0, body - start, end - start, version);
          if (packet.type === 'connect') version = packet.protocolVersion;
          for (const each of answer(packet)) {
            if (each === 'close') socket.end();
            else socket.write(encodePacket(each, version));
          }
          return FrameResult.Next;
        },
      },
      LONGEST_PACKET,
    );
    socket.on('data', (bytes: Buffer) => {
      stream.receive(bytes, 0, bytes.length);
    });
  };
}
