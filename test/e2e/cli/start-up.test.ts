// What a command loads before it does anything, which decides how quickly it answers: counted, since times on a busy machine
// say little.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMartlet, MAIN } from '../martlet-command.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-start-up-'));

beforeAll(buildMartlet);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

interface Loaded {
  /** Files that Node.js opened. */
  readonly files: readonly string[];
  /** The sources in them. */
  readonly sources: readonly string[];
}

/** Runs the command, and lists what Node.js has loaded by its end. */
function loadedBy(...words: readonly string[]): Loaded {
  const coverage = mkdtempSync(join(directory, 'run-'));
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    env: { ...process.env, NODE_V8_COVERAGE: coverage, XDG_CONFIG_HOME: coverage },
    encoding: 'utf8',
  });
  expect(status, stderr).not.toBe(13);
  const reports = readdirSync(coverage).filter((name) => name.endsWith('.json'));
  const files = reports
    .map((name) => JSON.parse(readFileSync(join(coverage, name), 'utf8')) as Coverage)
    .flatMap(({ result }) => result.map(({ url }) => url))
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url));
  const sources = files.flatMap(sourcesOf);
  expect(sources.some((path) => path.endsWith('cli/src/main.ts'))).toBe(true);
  return { files, sources };
}

function sourcesOf(path: string): readonly string[] {
  try {
    const { sources } = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as { readonly sources: string[] };
    return sources.map((source) => join(dirname(path), source));
  } catch {
    return [];
  }
}

const heavy =
  /node_modules\/(ws|commander)\/|packages\/broker\/|cli\/src\/(start-|store-|bench\/|conformance\/)/;
const ofClient = /packages\/client\/src\//;

function heavyOnes({ files, sources }: Loaded): readonly string[] {
  return [...files, ...sources].filter((path) => heavy.test(path));
}

describe('`martlet pub`', () => {
  test('loads neither the broker, nor commander, nor the library for WebSockets, nor another command', () => {
    // Nobody listens on port 1 of this machine: it loads all that it needs to find that out.
    const loaded = loadedBy('pub', '-h', '127.0.0.1', '-p', '1', '-t', 'a', '-m', 'b');
    expect(loaded.sources.some((path) => ofClient.test(path))).toBe(true);
    expect(heavyOnes(loaded)).toEqual([]);
  });

  test('opens few files', () => {
    const { files } = loadedBy('pub', '-h', '127.0.0.1', '-p', '1', '-t', 'a', '-m', 'b');
    expect(files.length).toBeLessThanOrEqual(12);
  });

  test('does without the client where it has only to say how it is used', () => {
    const help = loadedBy('pub', '--help');
    expect(help.sources.filter((path) => ofClient.test(path))).toEqual([]);
    expect(heavyOnes(help)).toEqual([]);
    const wrong = loadedBy('pub', '--hots', 'x');
    expect(wrong.sources.filter((path) => ofClient.test(path))).toEqual([]);
  });
});
