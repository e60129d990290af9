/**
 * An error that is ours, not a peer's: a store that throws, a mistake in the broker. It is logged by its own code where it
 * has one, and never leaves the core's inputs.
 */
import type { Log } from './ports/log.ts';

/** @param where whose work it was, such as a peer's address */
export function logInternalError(log: Log, where: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.write('error', errorCode(error) ?? 'internal-error', `${where}: ${text}`);
}

/** The stable code that an error carries, if it does. */
export function errorCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
