/** Promises that settle whatever happens: by a signal, or when the time is up. */
import { ClientError } from '../client-error.ts';
import type { ClientEnvironment } from '../environment.ts';

/** A timer of the platform that is to fire later than this, in milliseconds, fires at once. */
const MAXIMUM_TIMER_MS = 0x7fff_ffff;

/** How long somebody waits. */
export interface WaitOptions {
  /** Ends the wait with ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, after which the wait ends with TIMEOUT. @default unlimited: until the client is closed */
  readonly timeoutMs?: number | undefined;
}

/**
 * Calls back when the wait is to end early, at once when its signal has been aborted already.
 * @returns what stops watching
 */
export function watchWait(
  { signal, timeoutMs }: WaitOptions,
  environment: ClientEnvironment,
  onEnd: (error: ClientError) => void,
): () => void {
  let cancelTimer: (() => void) | undefined;
  const stop = (): void => {
    signal?.removeEventListener('abort', onAbort);
    cancelTimer?.();
  };
  const end = (error: ClientError): void => {
    stop();
    onEnd(error);
  };
  const onAbort = (): void =>
    end(new ClientError('ABORTED', 'aborted by the signal of the caller', signal?.reason));
  if (signal?.aborted === true) {
    onAbort();
    return () => {};
  }
  signal?.addEventListener('abort', onAbort);
  if (timeoutMs !== undefined && timeoutMs <= MAXIMUM_TIMER_MS) {
    const onTimeout = (): void =>
      end(new ClientError('TIMEOUT', `expected an end within ${timeoutMs} ms, got none`));
    cancelTimer = environment.setTimer(onTimeout, timeoutMs);
  }
  return stop;
}

/** The promise, or the end of the wait for it. */
export function within<T>(
  promise: Promise<T>,
  wait: WaitOptions,
  environment: ClientEnvironment,
): Promise<T> {
  if (wait.signal === undefined && wait.timeoutMs === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = watchWait(wait, environment, reject);
    promise.then(resolve, reject).finally(stop);
  });
}
