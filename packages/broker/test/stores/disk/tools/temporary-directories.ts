import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

/** Gives a test paths in a directory of its own, which is gone after it. */
export function temporaryDirectories(): (name: string) => string {
  const made: string[] = [];
  afterEach(() => {
    for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
  });
  return (name) => {
    const directory = mkdtempSync(join(tmpdir(), 'martlet-tools-'));
    made.push(directory);
    return join(directory, name);
  };
}
