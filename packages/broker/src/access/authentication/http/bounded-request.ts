/**
 * One HTTP request to a service of the operator's, within bounds: of time, of the bytes of the answer, of requests under way.
 * Redirects are not followed and no proxy is used, whatever the environment says: what goes out has passwords in it.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { AuthenticationClock } from '../authentication-services.ts';

export interface HttpTls {
  /** PEM: who certifies the service. @default the system's */
  readonly ca?: Uint8Array | undefined;
  /** PEM: our certificate, and its key. */
  readonly cert?: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
}

export interface HttpServiceOptions {
  /** `http:` or `https:`. */
  readonly url: URL;
  /** From the request to the end of the answer. */
  readonly timeoutMs: number;
  /** Of the answer's body. */
  readonly maximumBytes: number;
  /** Connections at once; further requests wait within their time. */
  readonly connections: number;
  readonly tls?: HttpTls;
  readonly clock: Pick<AuthenticationClock, 'setTimer'>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface HttpQuestion {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** No whole answer came. The message names the service and what happened; never what was asked. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
}

/** One service, and the connections to it that are kept open. */
export class HttpService {
  /** As logs may show it: without what a query or a user in it would tell. */
  readonly name: string;
  readonly #options: HttpServiceOptions;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(options: HttpServiceOptions) {
    const { url, connections, tls = {} } = options;
    this.name = `${url.origin}${url.pathname}`;
    this.#options = options;
    // An agent of its own: the global one may be told to use a proxy.
    const settings = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
    this.#agent =
      url.protocol === 'https:'
        ? new HttpsAgent({ ...settings, ...definedOf(tls) })
        : new HttpAgent(settings);
  }

  /** @throws {HttpFailure} by the promise */
  async ask(question: HttpQuestion): Promise<HttpAnswer> {
    const first = await this.#attempt(question);
    if (first !== 'stale') return first;
    const second = await this.#attempt(question);
    if (second !== 'stale') return second;
    throw new HttpFailure(`${this.name} closes its connections before it answers`);
  }

  /** Closes its connections; what is under way fails. */
  close(): void {
    this.#agent.destroy();
  }

  /** @returns `stale` if the service had closed the kept connection just then: nothing was read there */
  #attempt({ method, headers, body }: HttpQuestion): Promise<HttpAnswer | 'stale'> {
    const { url, timeoutMs, maximumBytes, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (text: string, cause?: unknown): void => {
        stop();
        reject(new HttpFailure(`${this.name} ${text}`, { cause }));
        asking.destroy();
      };
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const asking = send(url, { method, headers, agent: this.#agent }, (answer) => {
        const chunks: Uint8Array[] = [];
        let length = 0;
        answer.on('data', (chunk: Uint8Array) => {
          length += chunk.length;
          if (length > maximumBytes) fail(`answered more than ${maximumBytes} bytes`);
          else chunks.push(chunk);
        });
        answer.on('end', () => {
          stop();
          resolve({ status: answer.statusCode ?? 0, body: new Uint8Array(Buffer.concat(chunks)) });
        });
        answer.on('error', (error) => fail(`broke off its answer: ${reasonOf(error)}`, error));
      });
      const stop = clock.setTimer(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs, false);
      asking.on('error', (error: NodeJS.ErrnoException) => {
        if (asking.reusedSocket && error.code === 'ECONNRESET') {
          stop();
          resolve('stale');
        } else fail(`is not reached: ${reasonOf(error)}`, error);
      });
      asking.end(body);
    });
  }
}

function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

function definedOf(tls: HttpTls): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(tls).flatMap(([name, bytes]) => (bytes === undefined ? [] : [[name, Buffer.from(bytes)]])),
  );
}
