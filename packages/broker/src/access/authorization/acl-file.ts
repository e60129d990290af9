/**
 * Mosquitto's `acl_file`: what stands in it, as Mosquitto reads it.
 *
 *     # a comment: `#` is the very first character
 *     topic [read|write|readwrite|deny] <filter>      before any `user`: of anonymous clients
 *     user <name>                                     what follows is this user's
 *     pattern [read|write|readwrite|deny] <filter>    of every client, wherever it stands; %c and %u
 *
 * Words are separated by spaces, not tabs. A filter with a space in it needs the word before it.
 */
import { checkTopicFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import type { RuleReference } from '../../core/ports/authorizer.ts';
import { TopicTemplate } from './topic-template.ts';

export type AclAccess = 'read' | 'write' | 'readwrite' | 'deny';

export interface AclEntry {
  readonly access: AclAccess;
  readonly topic: TopicTemplate;
  readonly rule: RuleReference;
}

/** Errors, and notices, that are told of one file: another file by mistake has one in each line. */
export const MOST_PROBLEMS = 100;

/** What is wrong with one line. */
type LineProblem = Pick<ConfigurationProblem, 'severity' | 'code' | 'text'>;

/** Those that deny come first, as they do in Mosquitto wherever they stand in the file. */
export class AclFile {
  /** As it is configured. */
  readonly file: string;
  /** Before any `user`. */
  readonly anonymous: readonly AclEntry[];
  readonly users: ReadonlyMap<string, readonly AclEntry[]>;
  readonly patterns: readonly AclEntry[];
  readonly notices: readonly ConfigurationProblem[];

  private constructor(lines: AclLines) {
    this.file = lines.file;
    this.anonymous = denyingFirst(lines.anonymous);
    this.users = new Map([...lines.users].map(([name, entries]) => [name, denyingFirst(entries)]));
    this.patterns = denyingFirst(lines.patterns);
    this.notices = lines.notices;
  }

  /**
   * @param file its name, for errors and rules
   * @throws {ConfigurationError} with the first {@link MOST_PROBLEMS} lines that Mosquitto would not read
   */
  static parse(text: string, file: string): AclFile {
    const lines = new AclLines(file);
    for (const [at, line] of text.split('\n').entries()) lines.add(line, at + 1);
    if (lines.errors.length > 0) throw new ConfigurationError(lines.errors);
    return new AclFile(lines);
  }
}

const ACCESS_WORDS: Readonly<Record<string, AclAccess>> = {
  read: 'read',
  write: 'write',
  readwrite: 'readwrite',
  deny: 'deny',
};

class AclLines {
  readonly file: string;
  readonly anonymous: AclEntry[] = [];
  readonly users = new Map<string, AclEntry[]>();
  readonly patterns: AclEntry[] = [];
  readonly errors: ConfigurationProblem[] = [];
  readonly notices: ConfigurationProblem[] = [];
  #current: AclEntry[] = this.anonymous;

  constructor(file: string) {
    this.file = file;
  }

  add(line: string, number: number): void {
    const text = line.trimEnd();
    if (text === '' || text.startsWith('#')) return;
    const [, word = '', rest = ''] = /^ *([^ ]*) *(.*)$/s.exec(text) ?? [];
    const problem = this.#read(word, rest, { source: this.file, line: number, text: text.trimStart() });
    if (problem === null) return;
    const list = problem.severity === 'error' ? this.errors : this.notices;
    if (list.length < MOST_PROBLEMS) list.push({ file: this.file, line: number, key: '', ...problem });
  }

  #read(word: string, rest: string, rule: RuleReference): LineProblem | null {
    switch (word) {
      case 'user':
        return this.#readUser(rest);
      case 'topic':
        return this.#readEntry(this.#current, rest, rule, false);
      case 'pattern':
        return this.#readEntry(this.patterns, rest, rule, true);
      default:
        return error(`expected "user", "topic", "pattern" or a comment, got ${quoted(word)}`);
    }
  }

  #readUser(name: string): LineProblem | null {
    if (name === '') return error('expected a user name after "user", got none');
    let entries = this.users.get(name);
    if (entries === undefined) this.users.set(name, (entries = []));
    this.#current = entries;
    return null;
  }

  #readEntry(entries: AclEntry[], rest: string, rule: RuleReference, isPattern: boolean): LineProblem | null {
    const [first = '', filter] = splitOnce(rest);
    if (first === '') return error('expected a topic filter, got none');
    const access = filter === undefined ? 'readwrite' : ACCESS_WORDS[first];
    if (access === undefined)
      return error(
        `expected "read", "write", "readwrite" or "deny" before the topic filter, got ${quoted(first)}`,
      );
    const text = filter ?? first;
    const problem = checkTopicFilter(text);
    if (problem !== null)
      return error(`expected a topic filter, got ${quoted(text)}, which ${TOPIC_PROBLEMS[problem]}`);
    const topic = new TopicTemplate(text, isPattern);
    entries.push({ access, topic, rule });
    return isPattern && !topic.isPersonal ? notice(filterWithoutNames(text)) : null;
  }
}

function filterWithoutNames(filter: string): string {
  return `expected a pattern with a level %c or %u, got ${quoted(filter)}, which is the same for every client`;
}

function splitOnce(text: string): readonly [string?, string?] {
  const space = text.indexOf(' ');
  return space < 0 ? [text] : [text.slice(0, space), text.slice(space).trimStart()];
}

function denyingFirst(entries: readonly AclEntry[]): readonly AclEntry[] {
  const denies = ({ access }: AclEntry) => access === 'deny';
  return [...entries.filter(denies), ...entries.filter((entry) => !denies(entry))];
}

function error(text: string): LineProblem {
  return { severity: 'error', code: 'bad-acl-line', text };
}

function notice(text: string): LineProblem {
  return { severity: 'notice', code: 'pattern-for-all', text };
}

/** A line may be anything: what is shown of it is short and on one line. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
