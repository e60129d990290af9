/** Asks for a password on the terminal, whatever standard input is: it may be what is to be published. */
import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { CommandFailure } from '../command-failure.ts';
import { Interrupted } from '../interruption.ts';

const TERMINAL = '/dev/tty';
/** Longer than any password; MQTT allows 65,535 bytes. */
const MAXIMUM_LENGTH = 65_535;

/** What a prompt needs of a terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { setRawMode(isRaw: boolean): unknown };
  readonly output: NodeJS.WritableStream;
  close(): void;
}

/** @throws {CommandFailure} if this process has no terminal */
export function openTerminal(): Terminal {
  try {
    const input = new ReadStream(openSync(TERMINAL, 'r'));
    const output = new WriteStream(openSync(TERMINAL, 'w'));
    return {
      input,
      output,
      close: () => {
        input.destroy();
        output.destroy();
      },
    };
  } catch (cause) {
    throw new CommandFailure(
      'expected a terminal to ask for a secret on, got none; a password may also come from --password-file or --password-env',
      { cause },
    );
  }
}

/**
 * The line that is typed, of which nothing is shown. Backspace takes a character back, Ctrl-U all.
 *
 * @throws {Interrupted} at Ctrl-C
 * @throws {CommandFailure} at Ctrl-D, and when the terminal goes away
 */
export function askSecret(question: string, terminal: Terminal = openTerminal()): Promise<string> {
  const { input, output } = terminal;
  return new Promise<string>((resolve, reject) => {
    let typed: readonly string[] = [];
    input.setRawMode(true);
    input.setEncoding('utf8');
    input.on('data', (keys: string) => {
      for (const key of keys) {
        if (key === '\r' || key === '\n') return resolve(typed.join(''));
        if (key === '\x03') return reject(new Interrupted('SIGINT'));
        if (key === '\x04') return reject(noPassword());
        if (key === '\x7f' || key === '\b') typed = typed.slice(0, -1);
        else if (key === '\x15') typed = [];
        else if (key >= ' ' && typed.length < MAXIMUM_LENGTH) typed = [...typed, key];
      }
    });
    input.on('end', () => reject(noPassword())).on('error', () => reject(noPassword()));
    output.write(question);
  }).finally(() => {
    output.write('\n');
    input.setRawMode(false);
    terminal.close();
  });
}

function noPassword(): CommandFailure {
  return new CommandFailure('expected a password to be typed, got the end of input');
}
