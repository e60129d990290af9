// Invariant 4: no mutable module state, so that two brokers in one process never see each other.
//
// The rule is one that a reader can check at the line: at the top of a module, and for static fields, a value is
//   a primitive, a function, a class, or something already declared elsewhere;
//   or says that it is readonly: `as const`, Object.freeze(…), or an annotation that begins with `readonly` or
//   Readonly…: ReadonlyMap<…>, Readonly<Profile>, readonly string[];
//   or an object of the platform that keeps no state between calls.
// And nothing runs when a module is loaded, but for the file that a command starts with.

import type { SourceFile, SyntaxNode } from './syntax.ts';
import { descendants, isNode, place, programOf } from './syntax.ts';

export interface StateOptions {
  /** The file is what a command starts with: its statements run. */
  readonly isEntry?: boolean;
  /** Names of top-level values that may break the rule. */
  readonly except?: ReadonlySet<string>;
}

/** Every breach of invariant 4 in a file. */
export function mutableModuleState(file: SourceFile, options: StateOptions = {}): readonly string[] {
  const found: string[] = [];
  const program = programOf(file);
  for (const statement of nodesOf(program['body'])) {
    for (const breach of breachesAtTop(statement, options))
      found.push(`${place(file, statement)}: ${breach}`);
  }
  for (const { node } of descendants(program)) {
    if (node.type === 'PropertyDefinition' && node['static'] === true) {
      const changes = node['readonly'] !== true || isMutable(node, node['value']);
      if (changes) found.push(`${place(file, node)}: static ${nameOf(node['key'])} can change`);
    }
    if (node.type === 'StaticBlock') found.push(`${place(file, node)}: runs when it is loaded`);
  }
  return found;
}

function breachesAtTop(statement: SyntaxNode, options: StateOptions): readonly string[] {
  switch (statement.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSDeclareFunction':
    case 'TSGlobalDeclaration':
      return [];
    case 'ExportNamedDeclaration':
      return isNode(statement['declaration']) ? breachesAtTop(statement['declaration'], options) : [];
    case 'VariableDeclaration':
      return declarators(statement).flatMap((declarator) => {
        const name = nameOf(declarator['id']);
        if (options.except?.has(name)) return [];
        if (statement['kind'] !== 'const') return [`${name} is not a const`];
        return isMutable(declarator['id'], declarator['init']) ? [`${name} can change`] : [];
      });
    default:
      return options.isEntry ? [] : ['runs when it is loaded'];
  }
}

/** The names of the values declared at the top of a file. */
export function topLevelNames(file: SourceFile): ReadonlySet<string> {
  const statements = nodesOf(programOf(file)['body']).map((statement) =>
    isNode(statement['declaration']) ? statement['declaration'] : statement,
  );
  return new Set(statements.flatMap(declarators).map((declarator) => nameOf(declarator['id'])));
}

function declarators(statement: SyntaxNode): readonly SyntaxNode[] {
  return statement.type === 'VariableDeclaration' ? nodesOf(statement['declarations']) : [];
}

/** @param annotated What carries the type annotation, if there is one. */
function isMutable(annotated: unknown, value: unknown): boolean {
  const annotation = isNode(annotated) ? annotated['typeAnnotation'] : undefined;
  if (isNode(annotation) && isReadonlyType(annotation['typeAnnotation'])) return false;
  return !isImmutableValue(value);
}

function isReadonlyType(type: unknown): boolean {
  if (!isNode(type)) return false;
  switch (type.type) {
    case 'TSStringKeyword':
    case 'TSNumberKeyword':
    case 'TSBooleanKeyword':
    case 'TSBigIntKeyword':
    case 'TSSymbolKeyword':
    case 'TSLiteralType':
    case 'TSTemplateLiteralType':
    case 'TSUndefinedKeyword':
    case 'TSNullKeyword':
    case 'TSFunctionType':
      return true;
    case 'TSTypeOperator':
      return type['operator'] === 'readonly' || type['operator'] === 'unique';
    case 'TSUnionType':
    case 'TSIntersectionType':
      return nodesOf(type['types']).every(isReadonlyType);
    case 'TSMappedType':
      return type['readonly'] === true || type['readonly'] === '+';
    case 'TSTypeReference':
      return /^Readonly/.test(nameOf(type['typeName'])) || nameOf(type['typeName']) === 'const';
    default:
      return false;
  }
}

/** Platform objects whose methods depend on their arguments alone. */
const statelessClasses: ReadonlySet<string> = new Set(['TextEncoder', 'TextDecoder']);

/** Functions of the language that give a primitive, or freeze. */
const pureCallees =
  /^(?:Math\.\w+|Object\.freeze|Symbol(?:\.for)?|Number|String|Boolean|BigInt|String\.fromCharCode)$/;

function isImmutableValue(value: unknown): boolean {
  if (!isNode(value)) return true;
  switch (value.type) {
    case 'Literal':
      // A regular expression that is global or sticky remembers where it stopped.
      return !/[gy]/.test(regexFlags(value));
    case 'TemplateLiteral':
    case 'Identifier':
    case 'MemberExpression':
    case 'MetaProperty':
    case 'UnaryExpression':
    case 'BinaryExpression':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'ClassExpression':
      return true;
    case 'ConditionalExpression':
      return isImmutableValue(value['consequent']) && isImmutableValue(value['alternate']);
    case 'LogicalExpression':
      return isImmutableValue(value['left']) && isImmutableValue(value['right']);
    case 'TSAsExpression':
      return isReadonlyType(value['typeAnnotation']) || isImmutableValue(value['expression']);
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'ParenthesizedExpression':
      return isImmutableValue(value['expression']);
    case 'NewExpression':
      return statelessClasses.has(nameOf(value['callee'])) || isEmptyBytes(value);
    case 'CallExpression':
      return pureCallees.test(nameOf(value['callee']));
    default:
      return false;
  }
}

/** An array of no bytes has nothing to change. */
function isEmptyBytes(value: SyntaxNode): boolean {
  const [length, ...rest] = nodesOf(value['arguments']);
  const isEmpty = length === undefined || (length['value'] === 0 && rest.length === 0);
  return (nameOf(value['callee']) ?? '').match(/^U?[Ii]nt(?:8|16|32)Array$/) !== null && isEmpty;
}

function regexFlags(literal: SyntaxNode): string {
  const regex = literal['regex'];
  return typeof regex === 'object' && regex !== null && 'flags' in regex ? String(regex.flags) : '';
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'MemberExpression') return `${nameOf(node['object'])}.${nameOf(node['property'])}`;
  return typeof node['name'] === 'string' ? node['name'] : '';
}

function nodesOf(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
