/** The command line asks for something that cannot be meant. The message is one line for the one who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** How Mosquitto's tools say it, for a command that was started under one of their names. */
  readonly mosquittoText: string;

  /** @param more what Mosquitto's tools say, where that is not the message; or the cause */
  constructor(message: string, more: string | ErrorOptions = {}) {
    super(message, typeof more === 'string' ? undefined : more);
    this.mosquittoText = typeof more === 'string' ? more : message;
  }

  /** The same with what it is about in front: the name of a flag, the line of a file. */
  at(place: string): UsageError {
    return new UsageError(`${place}: ${this.message}`, this.mosquittoText);
  }
}
