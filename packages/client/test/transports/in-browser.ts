// What chromium.test.ts runs in a page: a transport, and what it told.

import { browserWebSocketTransport } from '../../src/transports/browser-websocket-transport.ts';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import type { Transport } from '../../src/transports/transport.ts';

export interface Report {
  /** What was told, in order: `opened`, `bytes`, `drain`, `close`, and the code of an error. */
  readonly told: readonly string[];
  readonly bytes: number;
  /** Calls of `write` that returned false. */
  readonly refused: number;
}

/** What is sent in each block of `fill`. */
const BLOCK_BYTES = 64 * 1024;

/** Opens a connection, does something with it, and reports when it has closed. */
async function run(url: string, use: (transport: Transport, report: Told) => void): Promise<Report> {
  const told = new Told();
  const open = browserWebSocketTransport((callback, delayMs) => {
    const id = setTimeout(callback, delayMs);
    return () => clearTimeout(id);
  });
  try {
    const transport = await open(parseServerUrl(url).server, told, new AbortController().signal);
    told.told.push('opened');
    use(transport, told);
    await told.closed;
  } catch (error) {
    told.told.push((error as { readonly code: string }).code);
  }
  return { told: told.told, bytes: told.bytes, refused: told.refused };
}

class Told {
  readonly told: string[] = [];
  bytes = 0;
  refused = 0;
  onChunk: () => void = () => {};
  onMore: () => void = () => {};
  readonly closed: Promise<void>;
  #close: () => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  onBytes(bytes: Uint8Array): void {
    if (this.told.at(-1) !== 'bytes') this.told.push('bytes');
    this.bytes += bytes.length;
    this.onChunk();
  }

  onDrain(): void {
    if (this.told.at(-1) !== 'drain') this.told.push('drain');
    this.onMore();
  }

  onClose(error?: Error): void {
    this.told.push('close');
    if (error !== undefined) this.told.push((error as Error & { readonly code: string }).code);
    this.#close();
  }
}

export const connects = (url: string): Promise<Report> =>
  run(url, (transport, told) => {
    told.onChunk = () => transport.end();
  });

export const stays = (url: string): Promise<Report> => run(url, () => {});

export const destroys = (url: string): Promise<Report> => run(url, (transport) => transport.destroy());

/** Writes so many blocks, and no more than the transport wants at once; then ends. */
export const fills = (url: string, blocks: number): Promise<Report> =>
  run(url, (transport, told) => {
    let left = blocks;
    const fill = (): void => {
      while (left > 0) {
        left--;
        if (!transport.write(new Uint8Array(BLOCK_BYTES).fill(left)) && left > 0) {
          told.refused++;
          return;
        }
      }
      transport.end();
    };
    told.onMore = fill;
    fill();
  });

export async function aborts(url: string): Promise<string> {
  const controller = new AbortController();
  const open = browserWebSocketTransport(() => () => {});
  const opening = open(parseServerUrl(url).server, new Told(), controller.signal);
  setTimeout(() => controller.abort('enough'), 0);
  return await opening.then(
    () => 'opened',
    (reason: unknown) => String(reason),
  );
}
