// Whether code runs in a browser as it is: without Node.js's globals, without a shim, and on a page whose
// Content-Security-Policy allows scripts from their own place only.

import { isReference } from '../architecture/purity.ts';
import type { SyntaxNode } from '../architecture/syntax.ts';
import { descendants, importsOf, isNode, programOf } from '../architecture/syntax.ts';

/** Globals of Node.js, which a browser lacks. */
const ofNode = [
  'Buffer',
  'process',
  'global',
  'require',
  'module',
  '__dirname',
  '__filename',
  'setImmediate',
];

/** What makes code out of text or bytes, or loads more of it, which strict policies refuse. */
const hostileToPolicies = [
  'eval',
  'Function',
  'Worker',
  'SharedWorker',
  'importScripts',
  'WebAssembly',
  'createObjectURL',
];

const forbiddenNames: ReadonlySet<string> = new Set([...ofNode, ...hostileToPolicies]);

/** Objects whose members are globals. */
const globalObjects: ReadonlySet<string> = new Set(['globalThis', 'window', 'self', 'URL']);

const timers: ReadonlySet<string> = new Set(['setTimeout', 'setInterval']);

/** Everything in a bundle that keeps it from running in a browser as it is. */
export function unfitForBrowsers(code: string): readonly string[] {
  const file = { path: 'bundle.js', text: code };
  // What stands beside it is of the same bundle.
  const others = importsOf(file).filter(({ specifier }) => !specifier.startsWith('./'));
  const imports = others.map(({ specifier }) => `imports ${specifier}`);
  const uses = [...descendants(programOf(file))].flatMap(({ node, parent, property }) => {
    const name = globalNamed(node, parent, property);
    if (name !== undefined && forbiddenNames.has(name)) return [`uses ${name}`];
    return isTimerOfText(node) ? ['runs a text by a timer'] : [];
  });
  return [...new Set([...imports, ...uses])];
}

/** The global that a node names, as `x` or as `globalThis.x`; minified names of variables are never one of these. */
function globalNamed(node: SyntaxNode, parent: SyntaxNode | undefined, property: string): string | undefined {
  if (node.type === 'Identifier') return isReference(parent, property) ? String(node['name']) : undefined;
  if (node.type !== 'MemberExpression') return undefined;
  const { object, property: member } = node;
  if (!isNode(object) || !isNode(member) || !globalObjects.has(String(object['name']))) return undefined;
  return String(node['computed'] === true ? member['value'] : member['name']);
}

function isTimerOfText(node: SyntaxNode): boolean {
  if (node.type !== 'CallExpression') return false;
  const { callee, arguments: given } = node;
  const [first]: readonly unknown[] = Array.isArray(given) ? given : [];
  const isText = isNode(first) && (first.type === 'TemplateLiteral' || typeof first['value'] === 'string');
  return isText && isNode(callee) && timers.has(String(callee['name']));
}
