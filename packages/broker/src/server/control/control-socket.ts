/**
 * Where the commands of this machine talk to a running broker: a Unix socket that only its user may open. Requests of one connection
 * are answered one after another; a connection that asks too much, or says nothing for long, is closed.
 */
import { chmodSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { EnvironmentError } from '../../environment-error.ts';
import { checkSocketPath, removeStaleSocketFile } from '../../listeners/unix-socket-file.ts';
import type { ControlAnswer, ControlFailure, ControlRequest } from './control-message.ts';
import { CONTROL_VERSION, ControlError, MAXIMUM_REQUEST_LENGTH, parseRequest } from './control-message.ts';

const MODE = 0o600;
const MAXIMUM_CONNECTIONS = 32;
/** A connection that has been silent for so long, and waits for nothing, is closed. */
const IDLE_MS = 120_000;

/** Answers a request, or throws a `ControlError`, or another error whose `code` and message may be told. */
export type AnswerRequest = (request: ControlRequest) => Promise<unknown>;

export interface ControlSocket {
  readonly path: string;
  /** Removes the socket. Fulfils when its last connection is closed. */
  close(): Promise<void>;
}

/** Rejects with an `EnvironmentError` if the socket cannot be there. */
export async function openControlSocket(path: string, answer: AnswerRequest): Promise<ControlSocket> {
  const socket = new OpenControlSocket(path, answer);
  await socket.open();
  return socket;
}

class OpenControlSocket implements ControlSocket {
  readonly path: string;
  readonly #answer: AnswerRequest;
  readonly #server: Server;
  readonly #connections: Set<Socket>;

  constructor(path: string, answer: AnswerRequest) {
    this.path = path;
    this.#answer = answer;
    this.#connections = new Set();
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#onConnection(socket));
    this.#server.maxConnections = MAXIMUM_CONNECTIONS;
  }

  async open(): Promise<void> {
    try {
      checkSocketPath(this.path);
      await this.#listen();
      chmodSync(this.path, MODE);
    } catch (cause) {
      this.#server.close();
      throw notOpened(this.path, cause);
    }
    this.#server.on('error', () => {});
    // The broker lives for its clients, not for those that look at it.
    this.#server.unref();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      rmSync(this.path, { force: true });
      for (const socket of this.#connections) socket.end();
      // Who does not close its side has had its answers.
      setTimeout(() => {
        for (const socket of this.#connections) socket.destroy();
      }, 200).unref();
    });
  }

  async #listen(): Promise<void> {
    try {
      await listening(this.#server, this.path);
    } catch (error) {
      const isInUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isInUse || !(await removeStaleSocketFile(this.path))) throw error;
      await listening(this.#server, this.path);
    }
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.unref();
    const requests = new Requests(socket, this.#answer);
    socket.setTimeout(IDLE_MS, () => {
      if (!requests.isAnswering) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(socket));
  }
}

/** The requests of one connection, in order: while one is answered, nothing more is read. */
class Requests {
  readonly #socket: Socket;
  readonly #answer: AnswerRequest;
  readonly #decoder: StringDecoder;
  #text: string;
  isAnswering: boolean;
  #hasEnded: boolean;

  constructor(socket: Socket, answer: AnswerRequest) {
    this.#socket = socket;
    this.#answer = answer;
    this.#decoder = new StringDecoder('utf8');
    this.#text = '';
    this.isAnswering = false;
    this.#hasEnded = false;
    socket.on('data', (bytes) => {
      this.#text += this.#decoder.write(bytes);
      this.#next();
    });
    socket.on('drain', () => this.#next());
    socket.on('end', () => {
      this.#hasEnded = true;
      if (!this.isAnswering) socket.end();
    });
  }

  #next(): void {
    // Who does not read its answers is asked nothing more.
    if (this.isAnswering || this.#socket.destroyed || this.#socket.writableNeedDrain) return;
    const end = this.#text.indexOf('\n');
    if (end >= MAXIMUM_REQUEST_LENGTH || (end < 0 && this.#text.length >= MAXIMUM_REQUEST_LENGTH)) {
      this.#refuse(
        new ControlError('bad-request', `a request has at most ${MAXIMUM_REQUEST_LENGTH} characters`),
      );
      this.#text = '';
      this.#socket.end();
      return;
    }
    if (end < 0) {
      if (this.#hasEnded) this.#socket.end();
      else this.#socket.resume();
      return;
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    this.isAnswering = true;
    this.#socket.pause();
    this.#answered(line).finally(() => {
      this.isAnswering = false;
      this.#next();
    });
  }

  async #answered(line: string): Promise<void> {
    let id: ControlRequest['id'] = null;
    try {
      const request = parseRequest(line);
      id = request.id;
      const result = (await this.#answer(request)) ?? null;
      this.#send({ version: CONTROL_VERSION, id, ok: true, result });
    } catch (error) {
      this.#refuse(error, id);
    }
  }

  #refuse(error: unknown, id: ControlRequest['id'] = null): void {
    const known = error instanceof ControlError && error.id !== null ? error.id : id;
    this.#send({ version: CONTROL_VERSION, id: known, ok: false, error: failureOf(error) });
  }

  #send(answer: ControlAnswer): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(answer)}\n`);
  }
}

function failureOf(error: unknown): ControlFailure {
  if (!(error instanceof Error)) return { code: 'internal-error', text: String(error) };
  const { code, problems } = error as Partial<ControlFailure>;
  return {
    code: typeof code === 'string' ? code : 'internal-error',
    text: error.message,
    ...(problems === undefined ? {} : { problems }),
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Nobody else may connect, not even in the moment before its permissions are set. The file is made in this very call.
    const before = process.umask(0o177);
    server.listen({ path }, () => {
      server.off('error', reject);
      resolve();
    });
    process.umask(before);
  });
}

function notOpened(path: string, cause: unknown): EnvironmentError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === 'EADDRINUSE' ? 'a broker listens there already' : (code ?? message);
  return new EnvironmentError(
    'CONTROL_SOCKET_NOT_OPENED',
    `the control socket ${path} cannot be opened: ${why}; set control.socket to another path, or to none`,
    cause,
  );
}
