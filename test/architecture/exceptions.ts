// Where the sources may break a rule of the architecture, each with its reason. An entry that is not needed fails.

/** Values at the top of a module that can change. */
export const moduleStateExceptions: readonly {
  readonly path: string;
  readonly name: string;
  readonly reason: string;
}[] = [];

/** Source files of more than 400 lines: tables and types, never a class. */
export const longFiles: readonly { readonly path: string; readonly reason: string }[] = [];
