/** What can be awaited as a promise can, and makes the promise only when it is. */
export interface Thenable<T> extends PromiseLike<T> {
  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B>;
  finally(onFinally?: (() => void) | null): Promise<T>;
}

/** @param promise called each time that somebody waits */
export function thenable<T>(promise: () => Promise<T>): Thenable<T> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is to be awaited.
    then: (...reactions) => promise().then(...reactions),
    catch: (onRejected) => promise().catch(onRejected),
    finally: (onFinally) => promise().finally(onFinally),
  };
}
