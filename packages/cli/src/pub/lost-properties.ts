/** Properties of lines that MQTT 3.1.1 has no place for: nobody loses them without a word. */
import { CommandFailure } from '../command-failure.ts';
import type { InputMessage } from '../messages/input-message.ts';

export class LostProperties {
  readonly #isAsked: boolean;
  readonly #tell: (text: string) => void;
  #isTold = false;

  /** @param isAsked an old version was asked for, so that properties are left out; else they are refused */
  constructor(isAsked: boolean, tell: (text: string) => void) {
    this.#isAsked = isAsked;
    this.#tell = tell;
  }

  /**
   * @param before how many messages came before these
   * @throws {CommandFailure} for the first message that would lose some
   */
  check(messages: readonly InputMessage[], before: number): void {
    if (this.#isTold) return;
    const at = messages.findIndex(hasProperties);
    if (at < 0) return;
    const number = before + at + 1;
    if (!this.#isAsked)
      throw new CommandFailure(
        `message ${number}: has properties, which this server does not know: it speaks no MQTT 5.0; -V 311 leaves them out`,
      );
    this.#isTold = true;
    this.#tell(
      `message ${number}: its properties, and those of others, are left out: only MQTT 5.0 has some`,
    );
  }
}

function hasProperties({ options }: InputMessage): boolean {
  for (const key in options) {
    if (key !== 'qos' && key !== 'retain') return true;
  }
  return false;
}
