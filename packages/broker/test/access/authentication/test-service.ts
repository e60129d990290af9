/** An HTTP service on loopback that answers as a test says. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

type Respond = (request: ServiceRequest, response: ServerResponse, count: number) => void;

export class TestService {
  readonly requests: ServiceRequest[] = [];
  respond: Respond;
  readonly #server: Server;
  readonly #waiting: (() => void)[] = [];

  private constructor(respond: Respond) {
    this.respond = respond;
    this.#server = createServer((request, response) => void this.#onRequest(request, response));
  }

  static async start(respond: Respond): Promise<TestService> {
    const service = new TestService(respond);
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Until so many requests have come. */
  async came(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { method = '', url = '', headers } = request;
    const seen = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
    this.requests.push(seen);
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.respond(seen, response, this.requests.length);
  }
}

/** Answers with JSON. */
export function respondJson(json: unknown, status = 200): Respond {
  return (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(json));
  };
}

export function respondStatus(status: number, headers: Readonly<Record<string, string>> = {}): Respond {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end();
  };
}
