// Ways to take out the code that obeys a statement of the specification.
//
// A comment that cites a statement stands at the end of a line, or above one. What it annotates is a statement, a case,
// a member, a row of a table, an operand or an argument; for each kind there is a way to make it do nothing that still
// parses. Where it can be taken out in two ways, as a condition that could be true or false, each is a mutant of its own.

import { lineAt, parse } from './source-files.mjs';
import { tagsInComment } from './statement-tags.mjs';

/** @typedef {import('./source-files.mjs').SourceFile} SourceFile */
/** @typedef {import('./statement-tags.mjs').Tag} Tag */

/** @typedef {{ start: number, end: number, replacement: string }} Edit */

/**
 * @typedef {object} Citation A line that cites statements, and the ways to take out what it does.
 * @property {string} path
 * @property {number} line
 * @property {Tag[]} tags
 * @property {Edit[]} edits None where there is no code to take out: a type, a declaration without a value.
 */

/** @typedef {{ type: string, start: number, end: number, [property: string]: unknown }} Node */

/** @param {unknown} value @returns {value is Node} */
const isNode = (value) =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** @param {unknown} value @returns {Node[]} */
const nodes = (value) => (Array.isArray(value) ? value.filter(isNode) : []);

/**
 * The nodes that a comment may annotate, outermost first, each with the list that holds it.
 * @param {Node} node
 * @param {'statement' | 'item' | undefined} role
 * @returns {Generator<{ node: Node, role: 'statement' | 'item' }>}
 */
function* annotatable(node, role) {
  if (role !== undefined) yield { node, role };
  for (const [name, value] of Object.entries(node)) {
    for (const child of isNode(value) ? [value] : nodes(value)) {
      yield* annotatable(child, roleOf(node, name, child));
    }
  }
}

/**
 * @param {Node} parent @param {string} name @param {Node} child
 * @returns {'statement' | 'item' | undefined} A statement stands for itself; an item is a part of one.
 */
function roleOf(parent, name, child) {
  if (/^TS(?!As|Satisfies|NonNull)/.test(child.type)) return undefined;
  if (/Statement$|Declaration$/.test(child.type) && child.type !== 'BlockStatement') return 'statement';
  if (['SwitchCase', 'MethodDefinition', 'PropertyDefinition'].includes(child.type)) return 'statement';
  if (parent.type === 'ObjectExpression' || parent.type === 'ArrayExpression') return 'item';
  if (name === 'arguments') return 'item';
  if (parent.type === 'LogicalExpression' || parent.type === 'ConditionalExpression') return 'item';
  if (name === 'init' || name === 'right' || name === 'argument') return 'item';
  if (parent.type === 'ArrowFunctionExpression' && name === 'body' && child.type !== 'BlockStatement')
    return 'item';
  return undefined;
}

/**
 * @param {SourceFile} file
 * @returns {Citation[]}
 */
export function citationsWithEdits(file) {
  const { program, comments } = parse(file);
  const candidates = [...annotatable(/** @type {Node} */ (/** @type {unknown} */ (program)), undefined)];
  return comments.flatMap((comment) => {
    const tags = tagsInComment(comment.value);
    if (tags.length === 0) return [];
    const line = lineAt(file.text, comment.start);
    const found = annotated(file.text, comment, comments, candidates);
    const edits = found === undefined ? [] : editsOf(found.node, found.role, file.text);
    return [{ path: file.path, line, tags, edits: edits.filter((edit) => parses(file, edit)) }];
  });
}

/**
 * @param {SourceFile} file
 * @param {Edit} edit
 * @returns {string} The text of the file with the edit made.
 */
export function edited(file, edit) {
  return file.text.slice(0, edit.start) + edit.replacement + file.text.slice(edit.end);
}

/** @param {SourceFile} file @param {Edit} edit */
function parses(file, edit) {
  try {
    parse({ path: file.path, text: edited(file, edit) });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} text
 * @param {{ start: number, end: number }} comment
 * @param {readonly { start: number, end: number }[]} comments
 * @param {readonly { node: Node, role: 'statement' | 'item' }[]} candidates
 */
function annotated(text, comment, comments, candidates) {
  const lineStart = text.lastIndexOf('\n', comment.start - 1) + 1;
  if (text.slice(lineStart, comment.start).trim() === '') {
    const next = codeAfter(text, comment.end, comments);
    return candidates.find(({ node }) => node.start === next);
  }
  const startsHere = candidates.filter(({ node }) => node.start >= lineStart && node.start < comment.start);
  const statement = earliest(startsHere.filter(({ role }) => role === 'statement'));
  if (statement !== undefined) return statement;
  const item = earliest(startsHere.filter(({ node }) => node.end <= comment.start));
  if (item !== undefined) return item;
  const endsHere = candidates.filter(({ node }) => node.end > lineStart && node.end <= comment.start);
  const around = candidates.filter(({ node }) => node.start < lineStart && node.end > comment.start);
  return endsHere.filter(({ role }) => role === 'statement').at(-1) ?? around.at(-1);
}

/**
 * Candidates come outermost first, so of those that start together this is the outermost.
 * @param {readonly { node: Node, role: 'statement' | 'item' }[]} candidates
 */
function earliest(candidates) {
  return candidates.reduce(
    (best, one) => (best === undefined || one.node.start < best.node.start ? one : best),
    /** @type {{ node: Node, role: 'statement' | 'item' } | undefined} */ (undefined),
  );
}

/** @param {string} text @param {number} offset @param {readonly { start: number, end: number }[]} comments */
function codeAfter(text, offset, comments) {
  let at = offset;
  for (;;) {
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    const comment = comments.find(({ start }) => start === at);
    if (comment === undefined) return at;
    at = comment.end;
  }
}

/** @param {Node} node @param {string} replacement @returns {Edit} */
const replace = (node, replacement) => ({ start: node.start, end: node.end, replacement });

/** @param {Node} node @param {string} text */
const sourceOf = (node, text) => text.slice(node.start, node.end);

/**
 * @param {Node} node
 * @param {'statement' | 'item'} role
 * @param {string} text
 * @returns {Edit[]}
 */
function editsOf(node, role, text) {
  const child = (/** @type {string} */ name) => {
    const value = node[name];
    return isNode(value) ? value : undefined;
  };
  switch (node.type) {
    case 'IfStatement':
    case 'WhileStatement':
    case 'ForStatement': {
      const test = child('test');
      return test === undefined ? [] : [replace(test, 'false')];
    }
    case 'ForOfStatement': {
      const right = child('right');
      return right === undefined ? [] : [replace(right, '[]')];
    }
    case 'ExpressionStatement':
    case 'ThrowStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return [replace(node, ';')];
    case 'ReturnStatement': {
      const argument = child('argument');
      const isPlain = argument === undefined || ['Literal', 'Identifier'].includes(argument.type);
      return isPlain ? [replace(node, ';')] : withoutValue(argument, text);
    }
    case 'ExportNamedDeclaration': {
      const declaration = child('declaration');
      return declaration === undefined ? [] : editsOf(declaration, role, text);
    }
    case 'VariableDeclaration':
      return nodes(node['declarations']).flatMap((declarator) => {
        const init = declarator['init'];
        return isNode(init) ? withoutValue(init, text) : [];
      });
    case 'FunctionDeclaration':
      return withoutBody(node);
    case 'MethodDefinition': {
      const value = child('value');
      return value === undefined || node['kind'] === 'constructor' ? [] : withoutBody(value);
    }
    case 'PropertyDefinition': {
      const value = child('value');
      return value === undefined ? [] : withoutValue(value, text);
    }
    case 'SwitchCase': {
      const test = child('test');
      // A new symbol equals nothing.
      return test === undefined
        ? nodes(node['consequent']).map((one) => replace(one, ';'))
        : [replace(test, 'Symbol()')];
    }
    case 'Property':
    case 'SpreadElement':
      return [withoutComma(node, text)];
    default:
      return role === 'item' ? withoutValue(node, text) : [];
  }
}

/** A row of a table goes with its comma. @param {Node} node @param {string} text @returns {Edit} */
function withoutComma(node, text) {
  const comma = /^\s*,/.exec(text.slice(node.end));
  return { start: node.start, end: node.end + (comma?.[0].length ?? 0), replacement: '' };
}

/** A long list is a table: its rows have citations of their own. @param {Node[]} parts @param {string} text */
function withoutEach(parts, text) {
  return parts.length > 5 ? [] : parts.map((part) => withoutComma(part, text));
}

/** @param {Node} callable @returns {Edit[]} */
function withoutBody(callable) {
  const body = callable['body'];
  return isNode(body) ? [replace(body, body.type === 'BlockStatement' ? '{}' : 'undefined')] : [];
}

/**
 * @param {Node} value
 * @param {string} text
 * @returns {Edit[]}
 */
function withoutValue(value, text) {
  const part = (/** @type {string} */ name) => {
    const node = value[name];
    return isNode(node) ? [replace(value, sourceOf(node, text))] : [];
  };
  switch (value.type) {
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return withoutBody(value);
    case 'ConditionalExpression':
      return [...part('consequent'), ...part('alternate')];
    case 'LogicalExpression':
      return value['operator'] === '??' ? [...part('left'), ...part('right')] : booleans(value);
    case 'BinaryExpression':
      return /^[=!<>]/.test(String(value['operator'])) ? booleans(value) : part('left');
    case 'UnaryExpression':
      return value['operator'] === '!' ? booleans(value) : [replace(value, 'undefined')];
    case 'CallExpression':
      return /^Math\.(?:min|max)\(/.test(sourceOf(value, text))
        ? nodes(value['arguments']).map((argument) => replace(value, sourceOf(argument, text)))
        : [replace(value, 'undefined')];
    case 'Literal':
      if (typeof value['value'] === 'boolean') return [replace(value, String(!value['value']))];
      if (typeof value['value'] === 'number') return [replace(value, `(${sourceOf(value, text)} + 1)`)];
      return [replace(value, 'undefined')];
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'ParenthesizedExpression':
      return isNode(value['expression']) ? withoutValue(value['expression'], text) : [];
    case 'ObjectExpression':
      return withoutEach(nodes(value['properties']), text);
    case 'ArrayExpression':
      return withoutEach(nodes(value['elements']), text);
    case 'NewExpression':
      // Options come last.
      return withoutEach(nodes(value['arguments']).slice(-1), text);
    default:
      return [replace(value, 'undefined')];
  }
}

/** @param {Node} value @returns {Edit[]} */
function booleans(value) {
  return [replace(value, 'true'), replace(value, 'false')];
}
