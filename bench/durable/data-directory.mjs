/** Directories for stores under measurement, on a real disk, and what they hold. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEFAULT_PARENT = fileURLToPath(new URL('../../.cache/bench/data/', import.meta.url));
const IN_MEMORY = ['tmpfs', 'ramfs'];

/** Where the directories are made, and on what. Throws if that is not a disk. */
export function diskAt(parent = DEFAULT_PARENT) {
  mkdirSync(parent, { recursive: true });
  const [, line] = execFileSync('df', ['--output=fstype,source', parent], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const [fileSystem, device] = line.trim().split(/\s+/);
  if (IN_MEMORY.includes(fileSystem)) {
    throw new Error(`${parent} is on ${fileSystem}, which is memory: give --disk a directory on a disk`);
  }
  return { parent, fileSystem, device };
}

export function newDirectory(parent) {
  return mkdtempSync(join(parent, 'store-'));
}

export function removeDirectory(directory) {
  rmSync(directory, { recursive: true, force: true });
}

/** Bytes of all files in it; a file that goes meanwhile counts nothing. */
export function bytesIn(directory) {
  let bytes = 0;
  for (const name of readdirSync(directory)) {
    const found = statSync(join(directory, name), { throwIfNoEntry: false });
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}
