/** Reaches the server beneath MQTT, as the flags say: for a look at what the client hides. */
import type { Socket } from 'node:net';
import { connect, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import type { Examination } from './examination.ts';

/** An error of ours, with a code as those of the system have. */
export class ReachFailure extends Error {
  override readonly name = 'ReachFailure';
  /** `NO_ANSWER`: in the time that a step may take. */
  readonly code: 'NO_ANSWER' | 'CLOSED';

  constructor(code: ReachFailure['code']) {
    super(code === 'NO_ANSWER' ? 'nothing came back in time' : 'the server closed the connection');
    this.code = code;
  }
}

/**
 * A connected socket, without TLS. Whoever asked destroys it.
 * @param host an address of the server @default as named
 * @throws what the system says; {@link ReachFailure} if it takes too long
 */
export async function openSocket(examination: Examination, host?: string): Promise<Socket> {
  const { server, dial, timeoutMs, signal } = examination;
  const abort = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const begin = (): Socket | Promise<Socket> => {
    if (dial !== undefined) return dial(server, abort);
    return server.scheme === 'mqtt+unix'
      ? connect({ path: server.path })
      : connect({ host: host ?? server.host, port: server.port });
  };
  try {
    const socket = await begin();
    await happens(socket, 'connect', abort);
    return socket;
  } catch (error) {
    signal.throwIfAborted();
    throw abort.aborted ? new ReachFailure('NO_ANSWER') : error;
  }
}

/**
 * A TLS connection to whoever is there: certificates of all kinds are taken, so that they can be looked at.
 * @throws as `openSocket`, and what OpenSSL says
 */
export async function openTls(examination: Examination): Promise<TLSSocket> {
  const { server, tls = {}, timeoutMs, signal } = examination;
  const { ca, cert, key, pfx, passphrase, servername, ALPNProtocols, minVersion, maxVersion, ciphers, psk } =
    tls;
  const socket = connectTls({
    socket: await openSocket(examination),
    servername: servername ?? (isIP(server.host) === 0 ? server.host : ''),
    rejectUnauthorized: false,
    // The name is looked at apart from who has signed.
    checkServerIdentity: () => undefined,
    ...defined({ ca, cert, key, pfx, passphrase, minVersion, maxVersion }),
    ...(ALPNProtocols === undefined ? {} : { ALPNProtocols: [...ALPNProtocols] }),
    ...defined({ ciphers: ciphers ?? (psk === undefined ? undefined : 'PSK') }),
    ...(psk === undefined ? {} : { pskCallback: () => ({ identity: psk.identity, psk: psk.key }) }),
  });
  const abort = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    await happens(socket, 'secureConnect', abort);
    return socket;
  } catch (error) {
    signal.throwIfAborted();
    throw abort.aborted ? new ReachFailure('NO_ANSWER') : error;
  }
}

/** Fulfilled by the event, unless the socket ends before. It destroys the socket if it fails. */
function happens(socket: Socket, event: 'connect' | 'secureConnect', abort: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(abort.reason);
    abort.addEventListener('abort', onAbort, { once: true });
    // It stays: a server may break the connection while somebody looks at it.
    socket.on('error', fail);
    socket.once('close', () => fail(new ReachFailure('CLOSED')));
    const done = (): void => {
      abort.removeEventListener('abort', onAbort);
      resolve();
    };
    if (event === 'connect' && !socket.connecting && !socket.destroyed) done();
    else socket.once(event, done);
  });
}

type Defined<Values> = { readonly [Name in keyof Values]?: NonNullable<Values[Name]> };

/** Without those that are undefined, which Node.js would take for given. */
function defined<Values extends Readonly<Record<string, unknown>>>(values: Values): Defined<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<Values>;
}
