/** Promises that settle whatever happens: by a signal, or when the time is up. */
import type { ClientErrorCode } from '../client-error.ts';
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

/** Who waits for a signal. It is listened to once, however many that are, and not at all when nobody waits any more. */
class Waiting extends Set<() => void> {
  handleEvent(): void {
    for (const onAbort of [...this]) onAbort();
  }
}

export type WaitingBySignal = WeakMap<AbortSignal, Waiting>;

/** Where somebody waits. */
export interface WaitPlace {
  readonly environment: ClientEnvironment;
  /** Left out where there is one wait. */
  readonly waiting?: WaitingBySignal;
  /** Why there is no connection, once it is known. */
  readonly offlineBy?: ClientError | undefined;
}

/** An error that tells, where the client is offline, why that is. */
export function endedWhile(
  code: ClientErrorCode,
  text: string,
  { offlineBy }: Partial<WaitPlace>,
): ClientError {
  return new ClientError(code, offlineBy === undefined ? text : `${text}: ${offlineBy.message}`, offlineBy);
}

/**
 * Calls back when the wait is to end early, at once when its signal has been aborted already. The signal is still watched
 * when the time was up, and the time when it aborted, until somebody stops that.
 * @returns what stops watching
 */
export function watchWait(
  { signal, timeoutMs }: WaitOptions,
  place: WaitPlace,
  onEnd: (error: ClientError) => void,
): () => void {
  const onAbort = (): void =>
    onEnd(new ClientError('ABORTED', 'aborted by the signal of the caller', signal?.reason));
  if (signal?.aborted === true) {
    onAbort();
    return () => {};
  }
  const others = signal && (place.waiting?.get(signal) ?? new Waiting());
  if (others?.size === 0) {
    place.waiting?.set(signal!, others);
    signal!.addEventListener('abort', others);
  }
  others?.add(onAbort);
  const cancelTimer =
    timeoutMs === undefined || timeoutMs > MAXIMUM_TIMER_MS
      ? undefined
      : place.environment.setTimer(
          () => onEnd(endedWhile('TIMEOUT', `expected an end within ${timeoutMs} ms, got none`, place)),
          timeoutMs,
        );
  return () => {
    others?.delete(onAbort);
    if (others?.size === 0) signal!.removeEventListener('abort', others);
    cancelTimer?.();
  };
}

/** The promise, or the end of the wait for it. */
export function within<T>(promise: Promise<T>, wait: WaitOptions, place: WaitPlace): Promise<T> {
  if (wait.signal === undefined && wait.timeoutMs === undefined) return promise;
  return new Promise((resolve, reject) => {
    let stop = (): void => {};
    stop = watchWait(wait, place, (error) => {
      stop();
      reject(error);
    });
    promise.then(resolve, reject).finally(stop);
  });
}
