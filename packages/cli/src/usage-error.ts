/** The command line asks for something that cannot be meant. The message is one line for the one who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
