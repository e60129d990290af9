/** There is no connection: in words that name our flags, and as the exit code that Mosquitto's tools have for it. */
import type { ClientError } from '@martlet/client';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';

/** A server could not be reached, or would not have us. */
export class ConnectionFailure extends CommandFailure {
  override readonly name: string = 'ConnectionFailure';
  override readonly exitCode: number;

  constructor(message: string, exitCode: number, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** Those of libmosquitto that its tools end with. */
const CONNECTION_LOST = 7;
const TLS_FAILED = 8;

/** What OpenSSL and Node.js call a broken handshake, and a certificate that is not taken. */
const TLS_TROUBLE = /^ERR_(?:SSL|TLS)_|CERT|SIGNATURE|^INVALID_(?:CA|PURPOSE)$|^HOSTNAME_MISMATCH$/;

/** Return codes of CONNACK before MQTT 5.0, by the reason codes that stand for them in the client. */
const RETURN_CODES: Readonly<Record<number, number>> = { 132: 1, 133: 2, 136: 3, 134: 4, 135: 5 };

/** Refusals whose reason the user can do something about: what it is, and what that may be. */
const REFUSALS: Readonly<Record<number, string>> = {
  132: 'it does not speak this version of MQTT; another one may do (-V 5, -V 311)',
  133: 'it does not take the client identifier (-i)',
  134: 'user name or password are wrong (-u, and -P or --password-prompt)',
  135: 'not authorized; it may want a user name and a password (-u, --password-prompt), or others than these',
  136: 'it is not available; try again later',
  137: 'it is busy; try again later',
  138: 'this client is banned',
  140: 'it does not know the authentication method',
  151: 'a quota is used up',
  159: 'connections come too fast; try again later',
};

/** What the client calls its options, and we our flags. */
const FLAG_NAMES: readonly (readonly [RegExp, string])[] = [
  [/\btls\.cert and tls\.key\b/g, '--cert and --key'],
  [/, or give that as tls\.servername\b/g, ', or with --insecure'],
  [/\btls\.ca\b/g, '--cafile'],
  [/\btls\.ALPNProtocols\b/g, '--tls-alpn'],
  [/\btls\.psk\b/g, '--psk'],
  [/^tls: /g, ''],
  [/^clientId: /g, '-i: '],
  [/ \(webSocket\.headers\)/g, ''],
];

/**
 * The code of CONNACK where the server has refused the connection: as it is in MQTT 5.0 (128 and above), from 1 to 5 before. 7 if
 * it closed the connection without an answer, 8 if there was no TLS with it: its certificate is not trusted, or the handshake broke.
 * Everything else is 1.
 *
 * @param error what an attempt to connect was rejected with
 */
export function exitCodeForConnection(error: unknown, protocolVersion: number): number {
  if (!isClientError(error)) return ExitCode.Failure;
  const { code, kind, reasonCode } = error;
  // Of a server that broke the protocol it is ours.
  if (kind === 'refusal' && reasonCode !== undefined && reasonCode >= 0x80)
    return protocolVersion === 5 ? reasonCode : (RETURN_CODES[reasonCode] ?? ExitCode.Failure);
  if (TLS_TROUBLE.test(systemCodeOf(error) ?? '')) return TLS_FAILED;
  if (code === 'CONNECTION_LOST' && !/\b(mqtt|ws)s:/.test(error.message)) return CONNECTION_LOST;
  return ExitCode.Failure;
}

/**
 * The failure to be told for what an attempt to connect was rejected with.
 * @param serverName of the server, for people
 */
export function connectionFailureOf(
  error: unknown,
  protocolVersion: number,
  serverName: string,
): CommandFailure | UsageError {
  const text = connectionText(error, serverName);
  if (isClientError(error) && error.kind === 'local') return new UsageError(text, { cause: error });
  return new ConnectionFailure(text, exitCodeForConnection(error, protocolVersion), error);
}

/**
 * Why there is no connection, in one line: also for commands that tell of lost connections while they go on.
 * @param serverName @default 'the server'
 */
export function connectionText(error: unknown, serverName: string = 'the server'): string {
  if (!isClientError(error)) return error instanceof Error ? error.message : String(error);
  const { reasonCode, message } = error;
  const refusal = error.code === 'REFUSED' && reasonCode !== undefined ? REFUSALS[reasonCode] : undefined;
  if (refusal !== undefined) return `${serverName} refused the connection: ${refusal}`;
  if (systemCodeOf(error) === 'EADDRNOTAVAIL') return `${message}: is that an address of this machine (-A)?`;
  return FLAG_NAMES.reduce((shown, [option, flag]) => shown.replace(option, flag), message);
}

/** By its name, so that nothing of the client has to be loaded. */
function isClientError(error: unknown): error is ClientError {
  return error instanceof Error && error.name === 'ClientError';
}

/** What the system or OpenSSL calls what lies at the bottom of it. */
function systemCodeOf(error: Error): string | undefined {
  let below: unknown = error.cause;
  while (below instanceof AggregateError) below = below.errors[0];
  return below instanceof Error && 'code' in below && typeof below.code === 'string' ? below.code : undefined;
}
