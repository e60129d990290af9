/**
 * Why a command was not carried out, in the words that go back to whoever sent it. Commands throw it before they have changed
 * anything; it is caught in one place, where answers are made.
 */
export class CommandRefusal extends Error {
  override readonly name = 'CommandRefusal';
}
