/** Events with typed names; a handler that throws is reported and disturbs neither the others nor the broker. */
export type Handler<Event> = (event: Event) => void;

export class TypedEvents<Events extends object> {
  readonly #handlers: Map<keyof Events, Set<Handler<never>>>;
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#handlers = new Map();
    this.#onError = onError;
  }

  /** @returns a function that takes the handler off again */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    let handlers = this.#handlers.get(name);
    if (handlers === undefined) {
      handlers = new Set();
      this.#handlers.set(name, handlers);
    }
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  has(name: keyof Events): boolean {
    return (this.#handlers.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const handler of this.#handlers.get(name) ?? []) {
      try {
        (handler as Handler<Events[Name]>)(event);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
