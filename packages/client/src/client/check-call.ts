/** Checks the arguments of a call: an option of another name would change nothing, and nobody would know. */
import { invalid, refuseUnknown } from './resolve-options.ts';
import type { WaitOptions } from './settle.ts';

export const WAIT_NAMES: readonly string[] = ['signal', 'timeoutMs'];

/**
 * @param names those of its options
 * @throws {ClientError} INVALID_OPTION
 */
export function checkCall(call: string, options: unknown, names: readonly string[]): void {
  refuseNoOptions(call, options);
  refuseUnknown('', options, names, call);
  const { signal, timeoutMs } = options as WaitOptions;
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0))
    throw invalid(`timeoutMs: expected milliseconds, got ${String(timeoutMs)}`);
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw invalid('signal: expected an AbortSignal, got another value');
}

/** @throws {ClientError} INVALID_OPTION */
export function refuseNoOptions(call: string, options: unknown): asserts options is object {
  if (typeof options === 'object' && options !== null) return;
  const hint = typeof options === 'function' ? '; await what it returns in place of a callback' : '';
  throw invalid(`${call}: expected options, got ${typeOf(options)}${hint}`);
}

/** @throws {ClientError} INVALID_OPTION */
export function refuseNoFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalid(`${name}: expected function, got ${typeOf(value)}`);
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
