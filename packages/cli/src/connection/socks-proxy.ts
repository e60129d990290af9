/** A SOCKS5 proxy (RFC 1928, RFC 1929): it looks up the name of the server and connects to it in our place. */
import type { Socket } from 'node:net';
import { connect, isIPv4, isIPv6 } from 'node:net';
import { UsageError } from '../usage-error.ts';

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const DEFAULT_PORT = 1080;
const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USERNAME_PASSWORD = 2;
const CONNECT = 1;
/** Kinds of address. */
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it failed, without saying why',
  2: 'its rules do not allow this connection',
  3: 'the network of the server cannot be reached from it',
  4: 'it cannot reach the server, or does not find its name',
  5: 'the server refused the connection',
  6: 'it took too long',
  7: 'it does not connect for others',
  8: 'it does not know this kind of address',
};

/** @throws {UsageError} It does not show the URL, which may hold a password. */
export function parseProxyUrl(given: string): ProxyAddress {
  if (!given.startsWith('socks5h://'))
    throw new UsageError(
      '--proxy: expected socks5h://[user[:password]@]host[:port], got another scheme',
      `Unsupported proxy protocol: ${given.replace(/\/\/.*@/s, '//')}`,
    );
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || url.hostname === '')
    throw new UsageError('--proxy: expected socks5h://[user[:password]@]host[:port], got no host');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
  };
}

/**
 * Connects to a host through the proxy.
 *
 * @param localAddress the address of this machine to connect from @default the system's choice
 * @returns a socket on which the server's bytes follow
 */
export async function connectThroughProxy(
  proxy: ProxyAddress,
  host: string,
  port: number,
  signal: AbortSignal,
  localAddress?: string,
): Promise<Socket> {
  const socket = connect({
    host: proxy.host,
    port: proxy.port,
    noDelay: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  const onAbort = (): void => {
    socket.destroy(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort);
  try {
    await shakeHands(socket, proxy, host, port);
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw isSystemError(error) ? outOfReach(proxy, error) : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

/** Without its code, by which the client would take the server for what is out of reach. */
function outOfReach({ host, port }: ProxyAddress, { message }: Error): Error {
  return new Error(`the proxy ${host}:${port} cannot be reached: ${message}; is it right (--proxy)?`);
}

async function shakeHands(socket: Socket, proxy: ProxyAddress, host: string, port: number): Promise<void> {
  const { username, password = '' } = proxy;
  const methods = username === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_PASSWORD];
  // What is written before the connection is there waits for it.
  socket.write(Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method] = await read(socket, 2);
  if (version !== VERSION) throw new Error('expected a SOCKS5 proxy, got something else');
  if (method === USERNAME_PASSWORD && username !== undefined) {
    socket.write(Buffer.concat([Uint8Array.of(1), counted(username), counted(password)]));
    const [, status] = await read(socket, 2);
    if (status !== 0) throw new Error('the proxy refused the user name and the password');
  } else if (method !== NO_AUTHENTICATION) {
    throw new Error(
      'the proxy wants another way to say who connects; it may want a user name and a password',
    );
  }
  const portBytes = Uint8Array.of(port >> 8, port & 0xff);
  socket.write(Buffer.concat([Uint8Array.of(VERSION, CONNECT, 0), addressBytes(host), portBytes]));
  const [, reply, , kind] = await read(socket, 4);
  if (reply !== 0) throw new Error(`the proxy refused: ${REFUSALS[reply!] ?? `with the code ${reply}`}`);
  // The address that the proxy connects from says nothing to us.
  const length = kind === IPV4 ? 4 : kind === IPV6 ? 16 : (await read(socket, 1))[0]!;
  await read(socket, length + 2);
}

function addressBytes(host: string): Uint8Array {
  if (isIPv4(host)) return Uint8Array.of(IPV4, ...host.split('.').map(Number));
  if (isIPv6(host)) return Uint8Array.of(IPV6, ...ipv6Bytes(host));
  return Buffer.concat([Uint8Array.of(NAME), counted(host)]);
}

function ipv6Bytes(host: string): readonly number[] {
  // The platform writes it without shortened parts of IPv4 in it.
  const plain = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

function counted(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (bytes.length > 255)
    throw new Error('expected at most 255 bytes in a name, a user name and a password for a proxy, got more');
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

/** Exactly so many bytes: what follows is the server's. */
function read(socket: Socket, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off('readable', onReadable).off('error', onError).off('close', onClose);
    };
    const onReadable = (): void => {
      const bytes = socket.read(length) as Uint8Array | null;
      if (bytes === null || bytes.length < length) return;
      settle();
      resolve(bytes);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onClose = (): void => onError(new Error('the proxy closed the connection'));
    socket.on('readable', onReadable).on('error', onError).on('close', onClose);
    onReadable();
  });
}
