/** Keys as they are pressed, without Enter. */
import type { Interface } from 'node:readline';
import { emitKeypressEvents } from 'node:readline';
import type { CommandIo } from '../command.ts';

/**
 * A character as it is typed (`q`, `/`, `ä`), or the name of a key: `up`, `down`, `left`, `right`, `pageup`, `pagedown`, `home`,
 * `end`, `return`, `escape`, `backspace`, `tab`, `space`, `ctrl-c` and its like.
 */
export type Key = string;

/** What Node.js says of a key. */
export interface PressedKey {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly sequence?: string | undefined;
}

/** What Node.js waits otherwise, 500 ms, takes the next key for a part of this one. */
const ESCAPE_MS = 50;

interface KeySource {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

export class Keyboard {
  readonly #stdin: CommandIo['stdin'] & KeySource;
  readonly #onKey: (key: Key) => void;
  #isOpen = false;

  constructor(stdin: CommandIo['stdin'], onKey: (key: Key) => void) {
    this.#stdin = stdin;
    this.#onKey = onKey;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Without a terminal to read from there are no keys. */
  open(): void {
    if (this.#isOpen || this.#stdin.isTTY !== true) return;
    this.#isOpen = true;
    // Escape alone is told from the beginning of another key by the silence after it.
    emitKeypressEvents(this.#stdin, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
    this.#stdin.on('keypress', this.#onPressed).on('error', ignore);
    this.#stdin.setRawMode?.(true);
    this.#stdin.resume();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stdin.off('keypress', this.#onPressed);
    this.#stdin.setRawMode?.(false);
    this.#stdin.pause();
  }

  readonly #onPressed = (text: string | undefined, pressed: PressedKey): void => {
    const key = keyOf(text, pressed);
    if (key !== undefined) this.#onKey(key);
  };
}

/** A terminal that goes away is told by its signal. */
function ignore(): void {}

const NAMED: ReadonlySet<string> = new Set([
  'up',
  'down',
  'left',
  'right',
  'pageup',
  'pagedown',
  'home',
  'end',
  'return',
  'escape',
  'backspace',
  'tab',
  'space',
]);

/** @returns undefined for a key that means nothing to anybody */
export function keyOf(text: string | undefined, { name, ctrl, sequence }: PressedKey): Key | undefined {
  if (ctrl === true) return name === undefined ? undefined : `ctrl-${name}`;
  if (name === 'enter') return 'return';
  if (name !== undefined && NAMED.has(name)) return name;
  const typed = text ?? sequence;
  return typed !== undefined && /^[^\p{C}]$/u.test(typed) ? typed : undefined;
}
