/** A password that is typed twice on the terminal, or stands in the first line of standard input, or for mosquitto_passwd in two. */
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { askSecret } from '../connection/secret-prompt.ts';
import { ExitCode } from '../exit-code.ts';
import { textOfBytes } from '../flags/bytes-in-text.ts';
import { InputLines } from '../messages/input-lines.ts';
import { isMosquittoName } from '../run-command.ts';

/** Bytes; MQTT has no longer ones. */
const LONGEST = 65_535;

/** mosquitto_passwd's exit code for it; ours is that of any failure. */
const DIFFERENT = 2;

/** A password was to be given twice, and two were given. */
class DifferentPasswords extends CommandFailure {
  override readonly exitCode: number;

  constructor(isMosquitto: boolean) {
    super(
      isMosquitto
        ? 'Passwords do not match.'
        : 'expected the same password twice, got two; nothing was changed',
    );
    this.exitCode = isMosquitto ? DIFFERENT : ExitCode.Failure;
  }
}

/** @throws {CommandFailure} if the two are not the same, or there is none */
export async function typedPassword(username: string, { stdin, programName }: CommandIo): Promise<string> {
  const isMosquitto = isMosquittoName(programName);
  const [first, second] = isMosquitto
    ? (['Password: ', 'Reenter password: '] as const)
    : ([`Password of ${username}: `, 'The same again: '] as const);
  const [password, again] =
    stdin.isTTY === true
      ? [await askSecret(first), await askSecret(second)]
      : // Whoever writes for mosquitto_passwd writes it twice there too.
        await linesOf(stdin, isMosquitto ? 2 : 1);
  if (password === undefined) throw new CommandFailure('expected a password on standard input, got nothing');
  if (again !== undefined && again !== password) throw new DifferentPasswords(isMosquitto);
  if (password !== '') return password;
  throw new CommandFailure('expected a password, got an empty one');
}

/** The first ones, as many as there are up to a count. */
async function linesOf(stdin: CommandIo['stdin'], count: number): Promise<readonly string[]> {
  const lines = new InputLines(LONGEST);
  const found: string[] = [];
  for await (const bytes of stdin) {
    found.push(...lines.push(Buffer.from(bytes as Uint8Array)).map(textOf));
    if (found.length >= count) return found.slice(0, count);
  }
  const last = lines.end();
  return last === undefined ? found : [...found, textOf(last)];
}

function textOf(line: Uint8Array): string {
  return textOfBytes(Buffer.from(line)).replace(/\r$/, '');
}
