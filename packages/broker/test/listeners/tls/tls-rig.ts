// A listener with TLS, its log, what came in through it, and clients that shake hands with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import type { Transport } from '../../../src/core/ports/transport.ts';
import type { NetworkListener } from '../../../src/listeners/network-listener.ts';
import type { TcpListenerOptions } from '../../../src/listeners/tcp-listener.ts';
import { listenTcp } from '../../../src/listeners/tcp-listener.ts';
import { RecordingSink } from '../recording-sink.ts';

export class TlsRig {
  readonly listener: NetworkListener;
  readonly lines: string[];
  readonly sinks: RecordingSink[];
  readonly #clients: TLSSocket[] = [];

  private constructor(listener: NetworkListener, lines: string[], sinks: RecordingSink[]) {
    this.listener = listener;
    this.lines = lines;
    this.sinks = sinks;
  }

  static async open(options: TcpListenerOptions, wallMs: () => number = Date.now): Promise<TlsRig> {
    const lines: string[] = [];
    const sinks: RecordingSink[] = [];
    const accept = (transport: Transport): RecordingSink => {
      const sink = new RecordingSink(transport);
      sink.onReceive = (bytes) => sink.call(() => transport.write(bytes));
      sinks.push(sink);
      return sink;
    };
    const log = {
      write: (level: string, code: string, text: string): void => {
        lines.push(`${level} ${code} ${text}`);
      },
    };
    return new TlsRig(
      await listenTcp({ port: 0, lingerMs: 100, ...options }, accept, log, wallMs),
      lines,
      sinks,
    );
  }

  get port(): number {
    const { address } = this.listener;
    return address.kind === 'tcp' ? address.port : 0;
  }

  /** Shakes hands, and gets an echo over the connection; rejects if either fails. */
  async echo(options: ConnectionOptions, text = 'hello'): Promise<TLSSocket> {
    const client = connectTls({ host: '127.0.0.1', port: this.port, servername: 'localhost', ...options });
    this.#clients.push(client);
    await once(client, 'secureConnect');
    client.write(text);
    const echoed = await Promise.race([
      once(client, 'data').then(([bytes]) => String(bytes)),
      once(client, 'close').then(() => 'closed'),
    ]);
    if (echoed !== text) throw new Error(`expected an echo, got ${echoed}`);
    return client;
  }

  /** The transport of the latest that came in. */
  get transport(): Transport {
    return this.sinks.at(-1)!.transport;
  }

  /** The lines of the log with this code, once there is one. */
  async logged(code: string): Promise<readonly string[]> {
    const found = (): readonly string[] => this.lines.filter((line) => line.split(' ')[1] === code);
    await this.until(() => found().length > 0);
    return found();
  }

  /** Resolves when the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Sends bytes that are no TLS, and resolves when the listener has closed the connection. */
  async send(bytes: Uint8Array): Promise<void> {
    const socket = await dial(this.port);
    socket.write(bytes);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    for (const { transport } of this.sinks) transport.destroy();
    await this.listener.close();
  }
}

/** A plain connection, which its tests may destroy at any time. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** What `openssl s_client` shows when it sends a line that is echoed, until the line is back or it gives up. */
export async function opensslEcho(port: number, options: readonly string[]): Promise<string> {
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-quiet', ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let shown = '';
  client.stdin.on('error', () => {});
  client.stdin.write('hello\n');
  client.stdout.on('data', (bytes) => {
    shown += String(bytes);
    if (shown.includes('hello')) client.kill();
  });
  await once(client, 'close');
  return shown;
}
