import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AclFile, MOST_PROBLEMS } from '../../../src/access/authorization/acl-file.ts';
import { ConfigurationError } from '../../../src/config/configuration-error.ts';

/** Lines of one file each, and whether Debian's Mosquitto 2.0.11 reads it. */
const LINES: readonly (readonly [line: string, isRead: boolean])[] = [
  ['user a', true],
  ['user', false],
  ['user ', false],
  ['user a b', true],
  ['user  a ', true],
  ['user #a', true],
  ['User a', false],
  ['topic read a', true],
  ['topic  read  a', true],
  [' topic read a', true],
  ['\ttopic read a', false],
  ['topic\tread a', false],
  ['topic read a \t', true],
  ['topic read a\r', true],
  ['topic', false],
  ['topic ', false],
  ['topic read', true],
  ['topic read  ', true],
  ['topic deny', true],
  ['topic deny deny', true],
  ['topic a b', false],
  ['topic foo a', false],
  ['topic readwrit a', false],
  ['topic READ a', false],
  ['TOPIC a', false],
  ['topic read a b', true],
  ['topic read #', true],
  ['topic a/#/b', false],
  ['topic read a+', false],
  ['topic read a#comment', false],
  ['topic read a # comment', false],
  ['topic write $SYS/#', true],
  [`topic read ${'a/'.repeat(300)}a`, false],
  [`topic read ${'a'.repeat(65_536)}`, false],
  ['pattern read %u/a', true],
  ['pattern a', true],
  ['pattern %ux/a', true],
  ['pattern', false],
  ['pattern read', true],
  ['pattern write a/#b', false],
  ['pattern deny %c/#', true],
  ['#c', true],
  [' # c', false],
  ['', true],
  ['  ', true],
  ['nonsense', false],
];

function problemsOf(text: string): readonly string[] {
  try {
    AclFile.parse(text, 'acl');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map((problem) => `${problem.line}: ${problem.text}`);
  }
}

describe('An acl_file', () => {
  it.each(LINES)('with the line %j is read as Mosquitto reads it: %s', (line, isRead) => {
    expect(problemsOf(`${line}\n`).length === 0).toBe(isRead);
  });

  it('tells every line that is wrong, what was expected and what came', () => {
    expect(problemsOf('topic read a\ntopic peek a\n\n# fine\nuser\nnonsense here\ntopic a/#/b\n')).toEqual([
      '2: expected "read", "write", "readwrite" or "deny" before the topic filter, got "peek"',
      '5: expected a user name after "user", got none',
      '6: expected "user", "topic", "pattern" or a comment, got "nonsense"',
      '7: expected a topic filter, got "a/#/b", which has a # that is not its last character',
    ]);
  });

  it('tells the first hundred lines of another file by mistake, each shortened', () => {
    const problems = problemsOf(`${'x'.repeat(1000)}\n`.repeat(1000));
    expect(problems).toHaveLength(MOST_PROBLEMS);
    expect(problems.every((text) => text.length < 200)).toBe(true);
  });

  it('tells errors, however many notices there are', () => {
    expect(problemsOf(`${'pattern read a\n'.repeat(200)}nonsense\n`)).toHaveLength(1);
  });

  it('warns of a pattern that is the same for every client', () => {
    const { notices } = AclFile.parse('pattern read a/%c\npattern read a/x%c\n', 'acl');
    expect(notices.map(({ line, code }) => [line, code])).toEqual([[2, 'pattern-for-all']]);
  });

  it('of any text is read, or refused with its lines, and nothing else', () => {
    const word = fc.constantFrom(
      'user',
      'topic',
      'pattern',
      'read',
      'deny',
      ' ',
      '\t',
      '\n',
      '#',
      '+',
      '/',
      '%u',
      '\0',
      'ü',
      '\r',
    );
    const text = fc.oneof(
      fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, (content) => {
        const problems = problemsOf(content);
        expect(problems.every((problem) => /^\d+: expected /.test(problem) && !/[\r\n]/.test(problem))).toBe(
          true,
        );
      }),
      { numRuns: 2000 },
    );
  });
});
