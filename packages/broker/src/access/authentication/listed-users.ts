/** The lines of a file of users, a thousand at a time: between them the event loop has its turn, since a file may be long. */
import { setImmediate } from 'node:timers/promises';
import type { PasswordLine } from '../password-file.ts';
import { PasswordFile } from '../password-file.ts';

/** A few milliseconds. */
const LINES_AT_ONCE = 1000;

export interface ListedUser extends PasswordLine {
  /** Without spaces around it, as Mosquitto reads it. */
  readonly username: string;
  /** From 1 on. */
  readonly line: number;
}

/** Lines that are nobody's are left out. */
export async function* listedUsers(text: string): AsyncGenerator<readonly ListedUser[], void> {
  const lines = text.split('\n');
  for (let from = 0; from < lines.length; from += LINES_AT_ONCE) {
    if (from > 0) await setImmediate();
    const part = PasswordFile.parse(lines.slice(from, from + LINES_AT_ONCE).join('\n'));
    yield part.lines.flatMap((each, at) =>
      each.username === undefined ? [] : [{ ...each, username: each.username.trim(), line: from + at + 1 }],
    );
  }
}
