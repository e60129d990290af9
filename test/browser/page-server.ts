// What a page in the browser under test is loaded from: one document, and the scripts that a bundler has made. The page's
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

  /**
   * Serves scripts by their names, and the document that runs `page.js`, on a free port of loopback.
   */
  static async start(scripts: ReadonlyMap<string, string>): Promise<PageServer> {
    const server = createServer(({ url = '/' }, response) => {
      const script = scripts.get(url.slice(1));
      const body = url === '/' ? DOCUMENT : script;
      response.writeHead(body === undefined ? 404 : 200, {
        'content-type': `text/${script === undefined ? 'html' : 'javascript'}; charset=utf-8`,
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
