/** What the command tells the shell when it ends. */
export const ExitCode = {
  Success: 0,
  /** It was asked for properly and could not be done: a port in use, no right to bind. */
  Failure: 1,
  /** It was asked for wrongly: an unknown option, a value out of bounds. */
  Usage: 2,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** By the shells' convention, a process that a signal ended. */
export const SIGNAL_EXIT_CODE = 128;
