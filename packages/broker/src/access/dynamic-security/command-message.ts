/**
 * Carries out the commands of one message and makes the answer, each command in its turn:
 *
 *     {"commands":[{"command":"createClient","username":"ann","correlationData":"7"}]}
 *     {"responses":[{"command":"createClient","correlationData":"7"}]}
 *
 * What fails answers with `error` and changes nothing; the commands beside it are carried out. Many commands let other work
 * in between them.
 */
import { setImmediate as afterOtherWork } from 'node:timers/promises';
import { ACCESS_COMMANDS } from './access-commands.ts';
import { CLIENT_COMMANDS } from './client-commands.ts';
import type { Command, HashPassword } from './command.ts';
import { CommandRefusal } from './command-refusal.ts';
import type { Draft } from './draft.ts';
import { GROUP_COMMANDS } from './group-commands.ts';
import { JsonFields } from './json-fields.ts';
import { ROLE_COMMANDS } from './role-commands.ts';

/** Bytes of one message. */
export const MOST_MESSAGE_BYTES: number = 2 * 1024 * 1024;
/** Commands in one message. */
export const MOST_COMMANDS = 10_000;
/** Characters of one answer. Lists can be had in pieces, by `count` and `offset`. */
export const MOST_ANSWER_CHARACTERS: number = 16 * 1024 * 1024;
/** Objects and lists within each other, as in Mosquitto's own reader. */
const DEEPEST_NESTING = 1000;
/** Milliseconds of commands without a pause for other work. */
const SLICE_MS = 10;

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [...ACCESS_COMMANDS, ...CLIENT_COMMANDS, ...GROUP_COMMANDS, ...ROLE_COMMANDS].map((command) => [
    command.name.toLowerCase(),
    command,
  ]),
);

/** One command's part of the answer. */
interface CommandResponse {
  readonly command: string;
  readonly error?: string;
  readonly data?: object;
  readonly correlationData?: string;
}

/** What was done by which command, for the log. */
export interface DoneCommand {
  readonly command: string;
  readonly changes: boolean;
  /** The names in it, such as `username=ann`; never a password. */
  readonly names: string;
}

export interface CommandAnswer {
  /** Each response as JSON. */
  readonly responses: readonly string[];
  /** The same if what was changed cannot be kept: what changed something, and what saw the changes, says why not. */
  refusing(reason: string): readonly string[];
  readonly done: readonly DoneCommand[];
}

/** The payload of an answer. */
export function answerText(responses: readonly string[]): string {
  return `{"responses":[${responses.join(',')}]}`;
}

export function refusalText(error: string): string {
  return answerText([JSON.stringify({ command: 'Unknown command', error } satisfies CommandResponse)]);
}

export async function runMessage(
  payload: Uint8Array,
  draft: Draft,
  hash: HashPassword,
): Promise<CommandAnswer> {
  const commands = commandsOf(payload);
  if (typeof commands === 'string') return refused(commands);
  const running = new RunningMessage(draft, hash);
  let sliceEndMs = performance.now() + SLICE_MS;
  for (const command of commands) {
    await running.run(command);
    if (performance.now() > sliceEndMs) {
      await afterOtherWork();
      sliceEndMs = performance.now() + SLICE_MS;
    }
  }
  return running;
}

class RunningMessage implements CommandAnswer {
  readonly responses: string[] = [];
  readonly done: DoneCommand[] = [];
  readonly #draft: Draft;
  readonly #hash: HashPassword;
  /** By its place among the responses, each command that was carried out once something had been changed. */
  readonly #unkept = new Map<number, CommandResponse>();
  #characters = 0;

  constructor(draft: Draft, hash: HashPassword) {
    this.#draft = draft;
    this.#hash = hash;
  }

  async run(value: unknown): Promise<void> {
    const fields = JsonFields.of(value);
    if (fields === undefined)
      return this.#answer({ command: 'Unknown command', error: 'Command not an object' });
    const asked = fields.string('command');
    if (asked === undefined) return this.#answer({ command: 'Unknown command', error: 'Missing command' });
    const correlation = fields.get('correlationData');
    if (correlation !== undefined && typeof correlation !== 'string')
      return this.#answer({ command: asked, error: 'Invalid correlationData data type.' });
    const correlationData = correlation === undefined ? undefined : { correlationData: correlation };
    const command = COMMANDS.get(asked.toLowerCase());
    if (command === undefined)
      return this.#answer({ command: asked, error: 'Unknown command', ...correlationData });
    const outcome = await this.#outcome(command, fields);
    const response: CommandResponse = { command: command.name, ...outcome, ...correlationData };
    if (outcome.error === undefined && this.#draft.hasChanges)
      this.#unkept.set(this.responses.length, { command: command.name, ...correlationData });
    this.#answer(response);
  }

  async #outcome(command: Command, fields: JsonFields): Promise<Pick<CommandResponse, 'error' | 'data'>> {
    if (!command.changes && this.#characters > MOST_ANSWER_CHARACTERS)
      return { error: 'The answer would be too large: ask in several messages, or with count and offset' };
    try {
      const data = await command.run(fields, this.#draft, this.#hash);
      this.done.push({ command: command.name, changes: command.changes, names: namesIn(fields) });
      return data === null ? {} : { data };
    } catch (error) {
      if (!(error instanceof CommandRefusal)) throw error;
      return { error: error.message };
    }
  }

  #answer(response: CommandResponse): void {
    const text = JSON.stringify(response);
    this.#characters += text.length;
    this.responses.push(text);
  }

  refusing(reason: string): readonly string[] {
    return this.responses.map((text, at) => {
      const unkept = this.#unkept.get(at);
      if (unkept === undefined) return text;
      const { command, ...correlationData } = unkept;
      return JSON.stringify({ command, error: reason, ...correlationData } satisfies CommandResponse);
    });
  }
}

function refused(error: string): CommandAnswer {
  const responses = [JSON.stringify({ command: 'Unknown command', error } satisfies CommandResponse)];
  return { responses, refusing: () => responses, done: [] };
}

/** The commands, or what is wrong with the message. */
function commandsOf(payload: Uint8Array): readonly unknown[] | string {
  if (payload.length > MOST_MESSAGE_BYTES) return `Payload larger than ${MOST_MESSAGE_BYTES} bytes`;
  const message = parsed(payload);
  if (message === undefined) return 'Payload not valid JSON';
  const commands = JsonFields.of(message.value)?.list('commands');
  if (commands === undefined) return 'Invalid/missing commands';
  return commands.length > MOST_COMMANDS ? `More than ${MOST_COMMANDS} commands` : commands;
}

function parsed(payload: Uint8Array): { readonly value: unknown } | undefined {
  if (isTooDeep(payload)) return undefined;
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) };
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}` without the bit in which they differ. */
const OPENS = 0x5b;
const CLOSES = 0x5d;
const BRACE_BIT = 0x20;

function isTooDeep(json: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if ((byte & ~BRACE_BIT) === OPENS && ++depth > DEEPEST_NESTING) return true;
    else if ((byte & ~BRACE_BIT) === CLOSES) depth--;
  }
  return false;
}

const NAMING_KEYS: readonly string[] = ['username', 'clientid', 'groupname', 'rolename', 'acltype', 'topic'];

function namesIn(fields: JsonFields): string {
  return NAMING_KEYS.flatMap((key) => {
    const value = fields.string(key);
    return value === undefined ? [] : [`${key}=${plain(value)}`];
  }).join(' | ');
}

/** On one line, and not long. */
function plain(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return /[\p{Cc}|]/u.test(short) ? JSON.stringify(short) : short;
}
