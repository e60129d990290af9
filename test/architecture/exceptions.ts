// Where the sources may break a rule of the architecture, each with its reason. An entry that is not needed fails.

/** Values at the top of a module that can change. */
export const moduleStateExceptions: readonly {
  readonly path: string;
  readonly name: string;
  readonly reason: string;
}[] = [];

/** Source files of more than 400 lines: tables and types, never a class. */
export const longFiles: readonly { readonly path: string; readonly reason: string }[] = [
  {
    path: 'packages/cli/src/conformance/statement-texts.ts',
    reason: 'a generated table: what each statement says',
  },
];

/** Files of the core that stores, listeners and their like may import, besides the ports and what those speak of. */
export const knownOutsideTheCore: readonly { readonly path: string; readonly reason: string }[] = [
  {
    path: 'packages/broker/src/core/session/memory-queue.ts',
    reason: 'a queue in memory is the same structure whether the core or the memory store keeps it',
  },
  {
    path: 'packages/broker/src/core/telling/limited-log.ts',
    reason:
      'a log within a bound of lines, which strangers must not fill, is the same wherever they are heard',
  },
];
