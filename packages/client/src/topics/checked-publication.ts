import type { PublishResult } from '../client/publication.ts';
import type { TypedPublication } from './topics-client.ts';

/**
 * A publication whose value an asynchronous schema still checks: nothing has been given to the client yet. Its promises
 * are made when they are asked for, so that one that nobody wants is no unhandled rejection.
 */
export class CheckedPublication implements TypedPublication {
  readonly #checked: Promise<readonly [TypedPublication]>;

  /** @param checked the publication in a box: promises would unpack it, because it can be awaited itself. */
  constructor(checked: Promise<readonly [TypedPublication]>) {
    this.#checked = checked;
    checked.catch(() => {});
  }

  get stored(): Promise<void> {
    return this.#checked.then(([publication]) => publication.stored);
  }

  get sent(): Promise<void> {
    return this.#checked.then(([publication]) => publication.sent);
  }

  get acknowledged(): Promise<PublishResult> {
    return this.#checked.then(([publication]) => publication.acknowledged);
  }

  // biome-ignore lint/suspicious/noThenProperty: a publication is awaited as a whole.
  then<A = PublishResult, B = never>(
    onFulfilled?: ((result: PublishResult) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.acknowledged.then(onFulfilled, onRejected);
  }
}
