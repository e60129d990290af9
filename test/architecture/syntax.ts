// Walks syntax trees. The parser's node types are a union of two hundred; the checks need only names and children.

import type { SourceFile } from '../../scripts/source-files.mjs';
import { lineAt, parse } from '../../scripts/source-files.mjs';

export type { SourceFile };

export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** A node, and where it hangs: `parent[property]` is the node or a list that holds it. */
export interface Placed {
  readonly node: SyntaxNode;
  readonly parent: SyntaxNode | undefined;
  readonly property: string;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The tree of a file; throws a SyntaxError that names the file where it has none. */
export function programOf(file: SourceFile): SyntaxNode {
  const { program }: { program: unknown } = parse(file);
  if (!isNode(program)) throw new TypeError(`${file.path}: the parser gave no tree`);
  return program;
}

/** Every node of a tree, a parent before its children. */
export function* descendants(
  node: SyntaxNode,
  parent?: SyntaxNode,
  property = 'program',
): Generator<Placed, void> {
  yield { node, parent, property };
  for (const [name, value] of Object.entries(node)) {
    if (Array.isArray(value)) {
      for (const element of value) if (isNode(element)) yield* descendants(element, node, name);
    } else if (isNode(value)) {
      yield* descendants(value, node, name);
    }
  }
}

/** `path:line`, for a message that an editor can follow. */
export function place(file: SourceFile, node: SyntaxNode): string {
  return `${file.path}:${lineAt(file.text, node.start)}`;
}

/** What a file imports and re-exports, types included; `dynamic` for `import('…')`. */
export interface Import {
  readonly specifier: string;
  readonly dynamic: boolean;
  readonly node: SyntaxNode;
}

export function importsOf(file: SourceFile): readonly Import[] {
  const imports: Import[] = [];
  for (const { node } of descendants(programOf(file))) {
    const isStatic =
      node.type === 'ImportDeclaration' ||
      node.type === 'ExportAllDeclaration' ||
      node.type === 'ExportNamedDeclaration';
    const isDynamic = node.type === 'ImportExpression' || node.type === 'TSImportType';
    const source = node['source'];
    if ((isStatic || isDynamic) && isNode(source) && typeof source['value'] === 'string') {
      imports.push({ specifier: source['value'], dynamic: isDynamic, node });
    }
  }
  return imports;
}
