/** A password that is typed twice on the terminal, or stands in the first line of standard input. */
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { askSecret } from '../connection/secret-prompt.ts';
import { InputLines } from '../messages/input-lines.ts';
import { isMosquittoName } from '../run-command.ts';

/** Bytes; MQTT has no longer ones. */
const LONGEST = 65_535;

/** @throws {CommandFailure} if the two are not the same, or there is none */
export async function typedPassword(username: string, { stdin, programName }: CommandIo): Promise<string> {
  const [first, second] = isMosquittoName(programName)
    ? (['Password: ', 'Reenter password: '] as const)
    : ([`Password of ${username}: `, 'The same again: '] as const);
  const password = stdin.isTTY === true ? await typedTwice(first, second) : await firstLine(stdin);
  if (password !== '') return password;
  throw new CommandFailure('expected a password, got an empty one');
}

async function typedTwice(first: string, second: string): Promise<string> {
  const password = await askSecret(first);
  if ((await askSecret(second)) === password) return password;
  throw new CommandFailure('expected the same password twice, got two; nothing was changed');
}

async function firstLine(stdin: CommandIo['stdin']): Promise<string> {
  const lines = new InputLines(LONGEST);
  for await (const bytes of stdin) {
    const [line] = lines.push(Buffer.from(bytes as Uint8Array));
    if (line !== undefined) return textOf(line);
  }
  const last = lines.end();
  if (last === undefined) throw new CommandFailure('expected a password on standard input, got nothing');
  return textOf(last);
}

function textOf(line: Uint8Array): string {
  return Buffer.from(line).toString('utf8').replace(/\r$/, '');
}
