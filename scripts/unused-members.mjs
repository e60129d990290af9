// Methods and getters that nothing in the files for browsers calls, such as those of the protocol's classes that only the
// broker needs. A bundler keeps every member of a class, since it cannot know who reaches them by which name; here it is
// known, as for the names of properties: see kept-names.mjs. Only what runs when it is called is left out, never a field.

import { parse } from './source-files.mjs';

/** @typedef {any} Node Of a syntax tree: one of two hundred shapes. */

/**
 * The names of methods that no code of the files refers to.
 * @param {readonly string[]} codes All that there is.
 * @param {ReadonlySet<string>} kept Names by which others may reach a member.
 * @returns {ReadonlySet<string>}
 */
export function unusedMembers(codes, kept) {
  /** @type {Set<string>} */
  const unused = new Set();
  for (;;) {
    const programs = codes.map((code) => programOf(withoutMembers(code, unused)));
    const used = new Set(programs.flatMap(references));
    const more = programs
      .flatMap(methods)
      .map(({ key }) => `${key.name}`)
      .filter((name) => !used.has(name) && !kept.has(name));
    if (more.length === 0) return unused;
    // What only those called is unused, too.
    for (const name of more) unused.add(name);
  }
}

/**
 * The code with blanks in place of these methods, so that everything else stays at its line and column.
 * @param {string} code
 * @param {ReadonlySet<string>} names
 */
export function withoutMembers(code, names) {
  let rest = code;
  for (const { start, end, key } of methods(programOf(code))) {
    if (!names.has(key.name)) continue;
    rest = rest.slice(0, start) + rest.slice(start, end).replace(/\S/g, ' ') + rest.slice(end);
  }
  return rest;
}

/**
 * Methods, getters and setters with a plain name.
 * @param {Node} program
 * @returns {Node[]}
 */
function methods(program) {
  return nodesIn(program).filter(
    ({ type, computed, kind, key }) =>
      type === 'MethodDefinition' && !computed && kind !== 'constructor' && key.type === 'Identifier',
  );
}

/**
 * Names of properties that are read, written or taken out of an object.
 * @param {Node} program
 * @returns {string[]}
 */
function references(program) {
  return nodesIn(program).flatMap(({ type, computed, property, key }) => {
    if (computed || (type !== 'MemberExpression' && type !== 'Property')) return [];
    return [(property ?? key).name];
  });
}

/**
 * @param {Node} root
 * @returns {Node[]}
 */
function nodesIn(root) {
  const found = [root];
  for (const node of found) {
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child?.type === 'string') found.push(child);
      }
    }
  }
  return found;
}

/** @param {string} text */
function programOf(text) {
  return /** @type {Node} */ (parse({ path: 'chunk.js', text }).program);
}
