// Invariant 1: the protocol package and every `core/` see no Node.js, clock, randomness or timer, and every call
// completes before it returns. Type positions count: a port that returns a Promise invites an `await`.

import type { SourceFile, SyntaxNode } from './syntax.ts';
import { descendants, importsOf, isNode, place, programOf } from './syntax.ts';

/** What differs between two runs, belongs to one platform, or completes later. */
const forbiddenNames: ReadonlySet<string> = new Set([
  ...['Buffer', 'process', 'require', 'console', 'globalThis', 'NodeJS', 'fetch'],
  ...['Date', 'performance', 'Temporal'],
  ...['crypto', 'WeakRef', 'FinalizationRegistry'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
  ...['queueMicrotask', 'MessageChannel', 'AbortSignal'],
  ...['Promise', 'PromiseLike', 'AsyncIterable', 'AsyncIterator', 'AsyncGenerator', 'Awaited'],
]);

/** Whether a file is one that invariant 1 binds. */
export function mustBePure(path: string): boolean {
  return /^packages\/protocol\/src\//.test(path) || /^packages\/[^/]+\/src\/(?:.*\/)?core\//.test(path);
}

/** Every breach of invariant 1 in a file. */
export function impurities(file: SourceFile): readonly string[] {
  const found: string[] = [];
  for (const { specifier, dynamic, node } of importsOf(file)) {
    if (specifier.startsWith('node:')) found.push(`${place(file, node)}: imports ${specifier}`);
    if (dynamic && node.type === 'ImportExpression')
      found.push(`${place(file, node)}: imports while running`);
  }
  for (const { node, parent, property } of descendants(programOf(file))) {
    const breach = breachAt(node, parent, property);
    if (breach !== undefined) found.push(`${place(file, node)}: ${breach}`);
  }
  return found;
}

function breachAt(node: SyntaxNode, parent: SyntaxNode | undefined, property: string): string | undefined {
  switch (node.type) {
    case 'Identifier':
      if (!isReference(parent, property)) return undefined;
      if (isMathRandom(node, parent, property)) return 'uses Math.random';
      return forbiddenNames.has(String(node['name'])) ? `uses ${String(node['name'])}` : undefined;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node['async'] === true ? 'has an async function' : undefined;
    case 'AwaitExpression':
      return 'awaits';
    case 'ForOfStatement':
      return node['await'] === true ? 'awaits' : undefined;
    default:
      return undefined;
  }
}

/** Any use of Math but `Math.name` with another name could reach `random`. */
function isMathRandom(node: SyntaxNode, parent: SyntaxNode | undefined, property: string): boolean {
  if (node['name'] !== 'Math') return false;
  const member = parent?.['property'];
  const isPlainMember =
    parent?.type === 'MemberExpression' && property === 'object' && parent['computed'] !== true;
  return !(isPlainMember && isNode(member) && member['name'] !== 'random');
}

/** Whether an identifier there names a variable or a type, not a member, a key or a label. */
export function isReference(parent: SyntaxNode | undefined, property: string): boolean {
  const computed = parent?.['computed'] === true;
  switch (parent?.type) {
    case 'MemberExpression':
      return property === 'object' || computed;
    case 'TSQualifiedName':
      return property === 'left';
    case 'Property':
    case 'PropertyDefinition':
    case 'AccessorProperty':
    case 'MethodDefinition':
    case 'TSPropertySignature':
    case 'TSMethodSignature':
    case 'TSAbstractMethodDefinition':
    case 'TSAbstractPropertyDefinition':
      return property !== 'key' || computed;
    case 'ImportSpecifier':
      return property === 'local';
    case 'ExportSpecifier':
      return property === 'local';
    case 'TSNamedTupleMember':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return property !== 'label';
    default:
      return true;
  }
}
