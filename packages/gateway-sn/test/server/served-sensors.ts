/** A server of a test that listens for MQTT-SN on a free port, and devices that speak to it in bytes. */
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfiguration } from '@martlet/broker/config';
import { parseConfiguration } from '@martlet/broker/config';
import type { Server } from '@martlet/broker/server';
import { startServer } from '@martlet/broker/server';
import { mqttSnOpener } from '../../src/server/mqtt-sn-opener.ts';

export class ServedSensors {
  readonly directory = mkdtempSync(join(tmpdir(), 'martlet-sn-'));
  readonly lines: string[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets: Socket[] = [];
  readonly #waiting: { readonly pattern: RegExp; readonly resolve: (line: string) => void }[] = [];

  /** As from a file in the directory of the test. */
  parsed(yaml: string): LoadedConfiguration {
    return parseConfiguration(
      `control: { socket: none }\nlog: { timestamps: none }\n${yaml}`,
      join(this.directory, 'martlet.yaml'),
    );
  }

  async start(yaml: string): Promise<Server> {
    const stderr = { write: (text: string) => this.#onLine(text.trimEnd()) };
    const server = await startServer(this.parsed(yaml), {
      log: { stderr },
      openers: { 'mqtt-sn': mqttSnOpener() },
    });
    this.#servers.push(server);
    return server;
  }

  /** The next line of the log that matches. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => this.#waiting.push({ pattern, resolve }));
  }

  #onLine(line: string): void {
    this.lines.push(line);
    for (const { pattern, resolve } of this.#waiting) if (pattern.test(line)) resolve(line);
  }

  device(server: Server, name = 'sensors'): Device {
    const address = server.listeners.find((listener) => listener.name === name)?.address;
    if (address?.kind !== 'udp') throw new Error(`expected a UDP port of the listener ${name}`);
    const socket = createSocket('udp4');
    this.#sockets.push(socket);
    return new Device(socket, address.port);
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.close();
    await Promise.all(this.#servers.splice(0).map((server) => server.close('the test ends')));
    rmSync(this.directory, { recursive: true });
  }
}

/** Somebody with a UDP socket; messages are in hexadecimal. */
export class Device {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #came: string[] = [];

  constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (bytes) => this.#came.push(bytes.toString('hex')));
  }

  send(hex: string): void {
    this.#socket.send(Buffer.from(hex, 'hex'), this.#port, '127.0.0.1');
  }

  async next(): Promise<string> {
    if (this.#came.length === 0) await once(this.#socket, 'message');
    return this.#came.shift()!;
  }

  ask(hex: string): Promise<string> {
    this.send(hex);
    return this.next();
  }

  /** CONNECT without will; the answer. */
  connect(clientId: string, { cleanSession = true } = {}): Promise<string> {
    const id = Buffer.from(clientId).toString('hex');
    const length = (6 + clientId.length).toString(16).padStart(2, '0');
    return this.ask(`${length}04${cleanSession ? '04' : '00'}01003c${id}`);
  }
}

export const ACCEPTED = '030500';
export const NOT_SUPPORTED = '030503';
