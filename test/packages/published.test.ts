// The libraries as npm publishes them: what the manifests promise is in the packed files, for every way of importing
// them, with types that fit. Nothing is fetched.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { browserFiles } from '../../scripts/browser-files.mjs';
import { packageDirectories } from '../../scripts/source-files.mjs';
import type { Manifest } from '../architecture/manifests.ts';
import { readManifest } from '../architecture/manifests.ts';
import { buildPackages, ROOT } from '../e2e/martlet-command.ts';
import { Programs } from '../e2e/program.ts';

const LIBRARIES = ['protocol', 'client', 'broker', 'testing'] as const;

/** The entry points of the client that browsers have use for. */
const FOR_BROWSERS = ['', '/browser', '/once', '/json-codec', '/scram', '/indexed-db-store', '/topics'].map(
  (subpath) => `@martlet/client${subpath}`,
);

/** What `npm pack --json` says of one package. */
interface PackedFiles {
  readonly files: readonly { readonly path: string }[];
}

const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-published-'));
const project = join(directory, 'project');
const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');

beforeAll(async () => {
  buildPackages(LIBRARIES.map((name) => `packages/${name}`));
  await npm(ROOT, 'pack', '--pack-destination', directory, ...LIBRARIES.map((name) => `./packages/${name}`));
  await npm(ROOT, 'pack', '--pack-destination', directory, './node_modules/ws');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  const tarballs = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  expect(tarballs).toHaveLength(LIBRARIES.length + 1);
  await npm(project, 'install', '--offline', ...tarballs.map((name) => join(directory, name)));
}, 180_000);
afterEach(() => programs.stopAll());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function npm(cwd: string, command: string, ...args: string[]): Promise<void> {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, stderr } = await programs.run('npm', [command, ...options, ...args], { cwd });
  expect(code, stderr).toBe(0);
}

/** Type checks one file as a program that has installed the packages. */
async function typeErrors(file: string, text: string, ...options: string[]): Promise<string> {
  writeFileSync(join(project, file), text);
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '--noEmit', '--strict', '--target', 'es2022', ...options, file];
  return (await programs.run(process.execPath, args, { cwd: project })).stdout;
}

/** What the entry points of a package are imported by. */
function specifiers({ name, exports = {} }: Manifest): readonly string[] {
  const subpaths = Object.keys(exports).filter((subpath) => subpath !== './package.json');
  return subpaths.map((subpath) => `${name}${subpath.slice(1)}`);
}

const importAll = (names: readonly string[]): string =>
  names.map((name, index) => `import * as m${index} from '${name}';\nvoid m${index};\n`).join('');

describe.each(LIBRARIES)('The packed files of %s', (name) => {
  const manifest = readManifest(`packages/${name}/package.json`);
  const tarball = join(directory, `martlet-${name}-${manifest.version}.tgz`);

  test('are as publint wants them, suggestions included', async () => {
    const bytes = readFileSync(tarball);
    const buffer = new Uint8Array(bytes).buffer;
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true, level: 'suggestion' });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test('have types that are found and right wherever ES modules are imported', async () => {
    const options = ['--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii'];
    const { code, stdout, stderr } = await programs.run(process.execPath, [attw, tarball, ...options], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect(code, `${stdout}${stderr}`).toBe(0);
  });

  test('are imported by Node.js through every entry point', async () => {
    writeFileSync(join(project, `${name}.js`), importAll(specifiers(manifest)));
    const run = await programs.run(process.execPath, [`${name}.js`], { cwd: project });
    expect(run).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('are loaded by a CommonJS program too', async () => {
    const text = specifiers(manifest).map((specifier) => `require('${specifier}');\n`);
    writeFileSync(join(project, `${name}.cjs`), text.join(''));
    const run = await programs.run(process.execPath, [`${name}.cjs`], { cwd: project });
    expect(run.code, run.stderr).toBe(0);
  });

  test('have no side effect, no test and no state of a build', () => {
    const home = join(project, 'node_modules/@martlet', name);
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /^test|tsbuildinfo|tsconfig/.test(file))).toEqual([]);
    expect(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))).toMatchObject({
      sideEffects: false,
    });
  });
});

describe('Every package', () => {
  test('has the licence and the notice of the whole in what npm packs', async () => {
    const packages = packageDirectories();
    const options = ['--dry-run', '--json', '--ignore-scripts', ...packages.map((path) => `./${path}`)];
    const { stdout } = await programs.run('npm', ['pack', ...options], { cwd: ROOT });
    const packed = Object.values(JSON.parse(stdout) as Readonly<Record<string, PackedFiles>>);
    expect(packed).toHaveLength(packages.length);
    for (const { files } of packed) {
      expect(files.map((file) => file.path)).toEqual(expect.arrayContaining(['LICENSE', 'NOTICE']));
    }
    for (const file of ['LICENSE', 'NOTICE']) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      for (const path of packages) expect(readFileSync(join(ROOT, path, file), 'utf8')).toBe(text);
    }
  });
});

test('What a browser loads of the packed client is what the sizes are taken from', async () => {
  const home = join(project, 'node_modules/@martlet/client/dist/browser');
  const files = await browserFiles();
  const expected = files.flatMap(({ name }) => [name, `${name}.map`]);
  expect(readdirSync(home).sort()).toEqual(expected.sort());
  const text = (name: string): string => readFileSync(join(home, name), 'utf8');
  const others = files.filter(
    ({ name, code, map }) =>
      text(name) !== `${code}//# sourceMappingURL=${name}.map\n` || text(`${name}.map`) !== map,
  );
  expect(others.map(({ name }) => name)).toEqual([]);
});

describe('A program that is type checked', () => {
  const all = LIBRARIES.map((name) => readManifest(`packages/${name}/package.json`)).flatMap(specifiers);
  const nodeTypes = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node,ws'];
  const lib = ['--lib', 'es2023,esnext.disposable,dom'];

  test('for Node.js finds every entry point', async () => {
    const errors = await typeErrors('node.ts', importAll(all), '--module', 'nodenext', ...lib, ...nodeTypes);
    expect(errors).toBe('');
  });

  test('for browsers needs no types of Node.js', async () => {
    const text = importAll(FOR_BROWSERS);
    const resolution = [
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      '--customConditions',
      'browser',
    ];
    expect(await typeErrors('browser.ts', text, ...resolution, ...lib, '--types', '')).toBe('');
  });
});
