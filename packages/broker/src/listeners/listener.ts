import type { ListenerRefusalCounts } from '../core/ports/listener-refusal.ts';
import type { EnvironmentErrorCode } from '../environment-error.ts';
import { EnvironmentError } from '../environment-error.ts';

/** Where a listener listens. */
export type ListenerAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'serial'; readonly path: string };

/** Something that accepts connections: a TCP port, a Unix socket, a WebSocket path; or datagrams. */
export interface Listener {
  /** As `Origin.listener` names it in logs, metrics and access rules, such as `tcp:1883`. */
  readonly name: string;
  readonly address: ListenerAddress;
  /** Connections that are open, and those that are being closed. */
  readonly connections: number;
  /** Connections that were closed before the broker saw them, by reason; only of listeners that can have such. */
  readonly refusals?: ListenerRefusalCounts;

  /**
   * Stops accepting at once: its address is free when this returns. Its connections stay; resolves when the last of
   * them has closed.
   */
  stop(): Promise<void>;

  /**
   * Stops listening at once, and resolves when the last of its connections has closed. Ending them is the core's
   * part; those still open after the linger time are destroyed.
   */
  close(): Promise<void>;
}

/** The address as a person writes it: `127.0.0.1:1883`, `[::1]:1883`, `/run/martlet.sock`. */
export function addressText(address: ListenerAddress): string {
  if (address.kind === 'unix' || address.kind === 'serial') return address.path;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Why a listener could not be opened, in one line that says what to do.
 * @param choice How the user chooses another place: `--port`, or the name of an option.
 */
export function listenError(cause: unknown, address: ListenerAddress, choice: string): EnvironmentError {
  const systemCode = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const { code, text } = reasonOf(systemCode, (cause as Error).message, address, choice);
  return new EnvironmentError(code, text, cause);
}

function reasonOf(
  systemCode: string,
  message: string,
  address: ListenerAddress,
  choice: string,
): { readonly code: EnvironmentErrorCode; readonly text: string } {
  const place = addressText(address);
  switch (systemCode) {
    case 'EADDRINUSE':
      return {
        code: 'ADDRESS_IN_USE',
        text:
          'port' in address
            ? `${address.kind === 'udp' ? 'UDP ' : ''}port ${address.port} is already in use: another broker is running there? Stop it or use ${choice}`
            : `${place} is already in use: another broker is running there? Stop it or use ${choice}`,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'LISTEN_NOT_PERMITTED',
        text:
          'port' in address
            ? `no permission to listen on port ${address.port}: ports below 1024 need a privilege; use ${choice}`
            : // Node.js reports a missing directory as EACCES, too.
              `cannot create ${place}: the directory does not exist, or this user may not write to it; use ${choice}`,
      };
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAFNOSUPPORT':
      return {
        code: 'ADDRESS_NOT_AVAILABLE',
        text: `cannot listen on ${place}: this machine has no such address (${systemCode}); use another host, such as 127.0.0.1`,
      };
    case 'ENAMETOOLONG':
      return { code: 'LISTEN_FAILED', text: `cannot listen on ${place}: ${message}; use ${choice}` };
    default:
      return { code: 'LISTEN_FAILED', text: `cannot listen on ${place}: ${systemCode}` };
  }
}
