// What a page in the browser under test is loaded from: one document, and one script that a bundler has made. The page's
// policy is as strict as policies get, so a client that needs more than a WebSocket to its broker fails here.

import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Scripts from here only, none inline or made from text; connections to this machine only; nothing else. */
const POLICY = "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:*; worker-src 'none'";

const DOCUMENT =
  '<!doctype html><meta charset="utf-8"><title>Martlet</title><script type="module" src="page.js"></script>';

export class PageServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Serves a script and the document that runs it, on a free port of loopback. */
  static async start(script: string): Promise<PageServer> {
    const answers: Readonly<Record<string, readonly [type: string, body: string]>> = {
      '/': ['text/html; charset=utf-8', DOCUMENT],
      '/page.js': ['text/javascript; charset=utf-8', script],
    };
    const server = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      const [type, body] = answer ?? ['text/plain', 'not here'];
      response.writeHead(answer === undefined ? 404 : 200, {
        'content-type': type,
        'content-security-policy': POLICY,
        'cache-control': 'no-store',
      });
      response.end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PageServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
