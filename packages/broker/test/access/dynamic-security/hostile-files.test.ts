import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineOfJsonFault } from '../../../src/access/dynamic-security/json-fault.ts';
import { readState } from '../../../src/access/dynamic-security/state-reading.ts';
import { stateText } from '../../../src/access/dynamic-security/state-text.ts';
import { ConfigurationError, problemText } from '../../../src/config/configuration-error.ts';

const FIRST = readFileSync(new URL('mosquitto-first.json', import.meta.url), 'utf8');
const [SECRET] = /[A-Za-z0-9+/]{86}==/.exec(FIRST)!;

/** Every problem on a line of its own; undefined: it was read. */
function refusalOf(text: string): string | undefined {
  try {
    readState(text, 'F');
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(problemText).join('\n');
  }
}

describe('A file of dynamic security that somebody has damaged', () => {
  it('is read, or refused without a piece of a password', () => {
    const cut = fc.tuple(fc.nat(FIRST.length), fc.nat(40), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(cut, ([at, length, instead]) => {
        const refusal = refusalOf(FIRST.slice(0, at) + instead + FIRST.slice(at + length)) ?? '';
        for (let from = 0; from + 12 <= SECRET!.length; from += 4)
          expect(refusal).not.toContain(SECRET!.slice(from, from + 12));
      }),
      { numRuns: 1000 },
    );
  });

  it('with other values anywhere is read, or refused by the way to the value', () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    const key = fc.constantFrom(
      'clients',
      'groups',
      'roles',
      'anonymousGroup',
      'defaultACLAccess',
      'changeIndex',
    );
    const inner = fc.dictionary(
      fc.constantFrom(
        'username',
        'rolename',
        'groupname',
        'roles',
        'clients',
        'acls',
        'acltype',
        'topic',
        'priority',
        'password',
        'salt',
      ),
      value,
    );
    const file = fc.dictionary(key, fc.oneof(value, fc.array(inner, { maxLength: 4 })));
    fc.assert(
      fc.property(file, (content) => {
        const text = JSON.stringify(content);
        const refusal = refusalOf(text);
        if (refusal !== undefined) expect(refusal).toMatch(/^F: /);
        else {
          const { state } = readState(text, 'F');
          expect(readState(stateText(state), 'F').state).toEqual(state);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['[', '{"a":', '{"clients":['])('of a million times %j is refused', (piece) => {
    expect(refusalOf(piece.repeat(1_000_000))).toContain('expected JSON');
  });

  it('names the line in which it stops being JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), (content, at) => {
        const lines = JSON.stringify(content, null, 1).split('\n');
        const line = at % lines.length;
        const broken = [...lines.slice(0, line), `?${lines[line]}`, ...lines.slice(line + 1)].join('\n');
        expect(lineOfJsonFault(broken)).toBe(line + 1);
      }),
      { numRuns: 2000 },
    );
  });
});
