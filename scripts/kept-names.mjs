// The property names that a build for browsers must leave as they are. Every other one is the client's own affair and may
// become a shorter one. Three kinds stay, each read from where it is stated, so that there is no list to keep:
//
// - public: members of the types that an entry point exports, and of the types that those name, as far as one gets;
// - the platform's: members that TypeScript's declarations of the language and of browsers know;
// - names in strings: what the code looks up by a computed key is spelt out somewhere.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { parse, root } from './source-files.mjs';

/** @typedef {any} Node Of a syntax tree: one of two hundred shapes. */

/**
 * A module, as far as its declarations go.
 * @typedef {object} Declarations
 * @property {string} path
 * @property {readonly Node[]} local Declarations at the top level.
 * @property {ReadonlyMap<string, Foreign>} imported By the name that they have here.
 * @property {ReadonlyMap<string, Foreign>} exported By the name that they are exported by.
 * @property {readonly string[]} reexported Specifiers of `export * from`.
 * @property {(node: Node) => boolean} isInternal Whether the comment before a member says `@internal`.
 */

/** @typedef {{ readonly specifier: string | undefined, readonly name: string }} Foreign From here without a specifier. */

/**
 * The public names of modules.
 * @param {readonly string[]} paths From the root.
 * @returns {ReadonlySet<string>}
 */
export function publicNames(paths) {
  const names = /** @type {Set<string>} */ (new Set());
  const modules = /** @type {Map<string, Declarations>} */ (new Map());
  const reached = /** @type {Set<Node>} */ (new Set());

  /** @param {string} path */
  const moduleAt = (path) => {
    const known = modules.get(path) ?? declarationsOf(path);
    modules.set(path, known);
    return known;
  };

  /** @param {Declarations} from @param {string | undefined} specifier */
  const follow = (from, specifier) => {
    if (specifier === undefined) return from;
    const path = resolve(from.path, specifier);
    return path === undefined ? undefined : moduleAt(path);
  };

  /** @param {Declarations | undefined} module @param {string} name */
  const reachExport = (module, name) => {
    if (module === undefined) return;
    const { specifier, name: there } = module.exported.get(name) ?? {};
    if (there === undefined) {
      for (const star of module.reexported) reachExport(follow(module, star), name);
    } else if (specifier === undefined) reach(module, there);
    else reachExport(follow(module, specifier), there);
  };

  /** @param {Declarations} module @param {string} name */
  const reach = (module, name) => {
    const foreign = module.imported.get(name);
    if (foreign !== undefined) reachExport(follow(module, foreign.specifier), foreign.name);
    // A type and a value may have one name.
    for (const declaration of module.local.filter(({ id }) => id.name === name)) {
      if (reached.has(declaration)) continue;
      reached.add(declaration);
      for (const { member, reference } of surface(declaration, module.isInternal)) {
        if (member !== undefined) names.add(member);
        if (reference !== undefined) reach(module, reference);
      }
    }
  };

  /** @param {Declarations | undefined} module */
  const reachAll = (module) => {
    if (module === undefined) return;
    for (const name of module.exported.keys()) reachExport(module, name);
    for (const star of module.reexported) reachAll(follow(module, star));
  };

  for (const path of paths) reachAll(moduleAt(path));
  return names;
}

/**
 * @param {string} from
 * @param {string} specifier
 */
function resolve(from, specifier) {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const ours = /^@martlet\/(\w+)$/.exec(specifier)?.[1];
  return ours && `packages/${ours}/src/index.ts`;
}

/**
 * @param {string} path
 * @returns {Declarations}
 */
function declarationsOf(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const { program, comments } = parse({ path, text });
  const internal = comments.filter(({ value }) => value.includes('@internal'));
  const local = [];
  const imported = new Map();
  const exported = new Map();
  const reexported = [];
  for (const statement of /** @type {Node[]} */ (/** @type {unknown} */ (program.body))) {
    const specifier = statement.source?.value;
    if (statement.type === 'ExportAllDeclaration') reexported.push(specifier);
    if (statement.type === 'ImportDeclaration') {
      for (const each of statement.specifiers) {
        imported.set(each.local.name, { specifier, name: each.imported?.name });
      }
    }
    const isExported = statement.type === 'ExportNamedDeclaration';
    for (const each of isExported ? statement.specifiers : []) {
      exported.set(each.exported.name, { specifier, name: each.local.name });
    }
    const declaration = isExported ? statement.declaration : statement;
    for (const each of declaration?.declarations ?? [declaration]) {
      if (each?.id?.type !== 'Identifier') continue;
      local.push(each);
      if (isExported) exported.set(each.id.name, { specifier: undefined, name: each.id.name });
    }
  }
  return {
    path,
    local,
    imported,
    exported,
    reexported,
    isInternal: ({ start }) =>
      internal.some(({ end }) => end <= start && text.slice(end, start).trim() === ''),
  };
}

/**
 * What others see of a declaration: names of members, and names of what it refers to.
 * @param {Node} node
 * @param {(node: Node) => boolean} isInternal
 * @returns {Generator<{ member?: string, reference?: string }>}
 */
function* surface(node, isInternal) {
  const isMember = 'key' in node;
  // What overrides has its name from the base class, which says whether it is public.
  if (isMember && (node.key.type === 'PrivateIdentifier' || node.override || isInternal(node))) return;
  if (node.type === 'Identifier') yield { reference: node.name };
  const name = memberName(node);
  if (name !== undefined) yield { member: name };
  for (const [property, value] of Object.entries(node)) {
    if (isHidden(node, property)) continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === 'string') yield* surface(child, isInternal);
    }
  }
}

/** @param {Node} node */
function memberName(node) {
  if (!('key' in node) || node.computed === true) return undefined;
  return node.key.type === 'Identifier' ? node.key.name : String(node.key.value);
}

/**
 * Bodies of functions, values of fields that have a type, names that were taken already, and what a class only promises.
 * @param {Node} node
 * @param {string} property
 */
function isHidden(node, property) {
  if (property === 'body') return node.type.includes('Function');
  if (property === 'value') return node.type === 'PropertyDefinition';
  if (property === 'init') return node.id.typeAnnotation !== null;
  if (property === 'key') return node.computed !== true;
  return property === 'implements';
}

/**
 * Names of members that the language and browsers have.
 * @returns {ReadonlySet<string>}
 */
export function platformNames() {
  const typescript = createRequire(createRequire(import.meta.url).resolve('typescript/package.json'));
  const native = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
  const directory = join(dirname(typescript.resolve(native)), 'lib');
  const files = readdirSync(directory).filter((name) =>
    /^lib\.(es[\d.]|esnext|dom\.)[\w.]*d\.ts$/.test(name),
  );
  const names = /** @type {Set<string>} */ (new Set());
  for (const path of files) {
    const text = readFileSync(join(directory, path), 'utf8');
    // These files are set by a program, one member to a line.
    for (const [, name] of text.matchAll(/^\s+(?:readonly |get |set )?(\w+)\??\s*[:(<]/gm))
      names.add(`${name}`);
  }
  return names;
}

/**
 * Strings of a program that could be names.
 * @param {string} code
 * @returns {ReadonlySet<string>}
 */
export function namesInStrings(code) {
  const names = /** @type {Set<string>} */ (new Set());
  const pending = /** @type {Node[]} */ ([parse({ path: 'chunk.js', text: code }).program]);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.type === 'Literal' && /^[A-Za-z_$][\w$]*$/.test(String(node.value)))
      names.add(String(node.value));
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child?.type === 'string') pending.push(child);
      }
    }
  }
  return names;
}
