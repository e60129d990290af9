// A plugin for rolldown: puts `0x87` in the place of `ReasonCode.NotAuthorized`. The sources have their numbers in tables
// of the form `export const Table = { Name: 0x87, … } as const`; a bundler would load and keep whole tables to read one.

import { parse, typeScriptUnder } from './source-files.mjs';

/** @typedef {any} Node Of a syntax tree: one of two hundred shapes. */
/** @typedef {ReadonlyMap<string, string>} Numbers A table: its names, and numbers as they are written. */

/**
 * @param {readonly string[]} directories Whose tables there are, from the root. No two may have one name.
 * @returns {import('rolldown').Plugin}
 */
export function inlineNumbers(directories) {
  const files = directories.flatMap(typeScriptUnder);
  const tables = new Map(files.flatMap((file) => tablesOf(statementsOf(file.path, file.text))));
  return {
    name: 'inline-numbers',
    transform(code, id, { magicString }) {
      if (magicString === undefined || !id.endsWith('.ts')) return null;
      const statements = statementsOf(id, code);
      const local = new Map([...tablesOf(statements), ...importedTables(statements, tables)]);
      for (const { start, end, object, property } of members(statements)) {
        const number = local.get(object.name)?.get(property.name);
        if (number !== undefined) magicString.overwrite(start, end, number);
      }
      return { code: magicString };
    },
  };
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {readonly Node[]}
 */
function statementsOf(path, text) {
  return /** @type {any} */ (parse({ path, text }).program.body);
}

/**
 * @param {readonly Node[]} statements
 * @returns {(readonly [name: string, numbers: Numbers])[]}
 */
function tablesOf(statements) {
  return statements.flatMap(
    (statement) => (statement.declaration ?? statement).declarations?.flatMap(tableOf) ?? [],
  );
}

/**
 * @param {Node} declarator
 * @returns {(readonly [name: string, numbers: Numbers])[]}
 */
function tableOf({ id, init }) {
  if (init?.type !== 'TSAsExpression' || init.expression.type !== 'ObjectExpression') return [];
  const properties = /** @type {Node[]} */ (init.expression.properties);
  if (!properties.every(({ value }) => typeof value?.value === 'number')) return [];
  return [[id.name, new Map(properties.map(({ key, value }) => [key.name, String(value.value)]))]];
}

/**
 * @param {readonly Node[]} statements
 * @param {ReadonlyMap<string, Numbers>} tables
 * @returns {(readonly [name: string, numbers: Numbers])[]} By the name that they have here.
 */
function importedTables(statements, tables) {
  const specifiers = statements.flatMap(({ type, specifiers }) =>
    type === 'ImportDeclaration' ? specifiers : [],
  );
  return specifiers.flatMap(({ imported, local }) => {
    const table = tables.get(imported?.name);
    return table === undefined ? [] : [[local.name, table]];
  });
}

/**
 * Every `object.property` of plain names.
 * @param {readonly Node[]} nodes
 * @returns {Generator<Node>}
 */
function* members(nodes) {
  for (const node of nodes) {
    if (node.type === 'MemberExpression' && !node.computed && node.object.type === 'Identifier') yield node;
    for (const value of Object.values(node)) {
      const children = (Array.isArray(value) ? value : [value]).filter(
        (each) => typeof each?.type === 'string',
      );
      yield* members(children);
    }
  }
}
