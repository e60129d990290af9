/** A process with one client in it, or with the broker, and the conversation with it. */
import { fork } from 'node:child_process';
import { on } from 'node:events';
import { fileURLToPath } from 'node:url';

export class TalkingProcess {
  #child;
  #messages;
  #name;

  /**
   * @param {string} file beside this one
   * @param {string[]} args
   * @param {string[]} nodeOptions
   */
  constructor(file, args = [], nodeOptions = []) {
    this.#name = file;
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: nodeOptions });
    this.#messages = on(this.#child, 'message', { close: ['exit', 'error'] });
  }

  /**
   * The next message that has this field.
   * @param {(message: object) => void} [onOther] told of those before it
   */
  async next(field, onOther = () => {}) {
    for (;;) {
      const { value, done } = await this.#messages.next();
      if (done) throw new Error(`${this.#name} ended with ${this.#child.exitCode ?? this.#child.signalCode}`);
      const [message] = value;
      if (field in message) return message;
      onOther(message);
    }
  }

  send(message) {
    this.#child.send(message);
  }

  /** Waits for its end, which its profile needs. */
  async ended() {
    for await (const _ of this.#messages);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }
}
