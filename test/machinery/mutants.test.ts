import { describe, expect, test } from 'vitest';
import { citationsWithEdits, edited } from '../../scripts/mutants.mjs';

/** The text of a file after each edit for its one citation, with the citation and all space between words narrowed. */
function mutantsOf(text: string): readonly string[] {
  const file = { path: 'packages/a/src/a.ts', text };
  const citations = citationsWithEdits(file);
  expect(citations).toHaveLength(1);
  expect(citations[0]!.tags).toEqual([{ id: 'MQTT-1.1.1-1', version: '5.0' }]);
  const narrow = (mutant: string) =>
    mutant.replaceAll(/\s*\/[/*] \[MQTT-1.1.1-1\](?: \*\/)?/g, '').replaceAll(/\s+/g, ' ');
  return citations[0]!.edits.map((edit) => narrow(edited(file, edit)).trim());
}

const cite = '// [MQTT-1.1.1-1]';

describe('What a citation annotates is taken out', () => {
  test.each([
    ['a guard', `if (a) throw b; ${cite}`, ['if (false) throw b;']],
    ['a guard with a block', `if (a) { ${cite}\n  f();\n}`, ['if (false) { f(); }']],
    [
      'the second of two guards',
      `if (a) {\n  f();\n} else if (b) g(); ${cite}`,
      ['if (a) { f(); } else if (false) g();'],
    ],
    [
      'a condition over several lines',
      `if (\n  a &&\n  b\n) { ${cite}\n  f();\n}`,
      ['if ( false ) { f(); }'],
    ],
    ['what is thrown under a condition', `if (a) {\n  throw b; ${cite}\n}`, ['if (a) { ; }']],
    ['a call', `f(a); ${cite}`, [';']],
    ['a call over several lines', `f(\n  a,\n); ${cite}`, [';']],
    ['an assignment', `a = b; ${cite}`, [';']],
    ['the statement below', `${cite}\nf(a);\ng(b);`, ['; g(b);']],
    ['the statement below two comments', `${cite}\n// why\nf(a);`, ['// why ;']],
    ['a value', `const a = f(); ${cite}`, ['const a = undefined;']],
    ['a number', `const limit = 5; ${cite}`, ['const limit = (5 + 1);']],
    ['a minimum', `const a = Math.min(b, c); ${cite}`, ['const a = b;', 'const a = c;']],
    ['a choice', `const a = b ? c : d; ${cite}`, ['const a = c;', 'const a = d;']],
    ['an option', `const a = new B(c, { d: 1 }); ${cite}`, ['const a = new B(c, );']],
    [
      'what is returned',
      `function f() {\n  return a === b; ${cite}\n}`,
      ['function f() { return true; }', 'function f() { return false; }'],
    ],
    [
      'an early return',
      `function f() {\n  if (a) {\n    return; ${cite}\n  }\n}`,
      ['function f() { if (a) { ; } }'],
    ],
    ['an operand', `const a =\n  b && ${cite}\n  c;`, ['const a = undefined && c;']],
    ['an argument', `f(\n  a,\n  b, ${cite}\n);`, ['f( a, undefined, );']],
    ['a row of a table', `const t = {\n  a: 1, ${cite}\n  b: 2,\n};`, ['const t = { b: 2, };']],
    ['a case', `switch (a) {\n  case 1: ${cite}\n    f();\n}`, ['switch (a) { case Symbol(): f(); }']],
    ['a loop', `while (a) f(); ${cite}`, ['while (false) f();']],
    [
      'a function',
      `/* [MQTT-1.1.1-1] */\nexport function f(): number {\n  return 1;\n}`,
      ['export function f(): number {}'],
    ],
    [
      'a method',
      `class A {\n  /* [MQTT-1.1.1-1] */\n  f(): void {\n    g();\n  }\n}`,
      ['class A { f(): void {} }'],
    ],
    ['a field', `class A {\n  a = true; ${cite}\n}`, ['class A { a = false; }']],
  ])('%s', (_what, text, mutants) => {
    expect(mutantsOf(text)).toEqual(mutants);
  });

  test.each([
    ['a field without a value', `class A {\n  readonly a: number; ${cite}\n}`],
    ['a member of a type', `interface A {\n  a: number; ${cite}\n}`],
    ['a type', `type A = number; ${cite}`],
    ['a file that begins with imports', `/* [MQTT-1.1.1-1] */\nimport { a } from './b.ts';`],
  ])('but not %s, where there is no code', (_what, text) => {
    expect(mutantsOf(text)).toEqual([]);
  });

  test('and every mutant can be read', () => {
    const file = {
      path: 'packages/a/src/a.ts',
      text: `const t = [\n  1, ${cite}\n  2,\n];\nif (t) f(t[0]); ${cite}`,
    };
    for (const { edits } of citationsWithEdits(file)) {
      expect(edits.length).toBeGreaterThan(0);
      for (const edit of edits)
        expect(() => citationsWithEdits({ ...file, text: edited(file, edit) })).not.toThrow();
    }
  });
});
