import { readFileSync } from 'node:fs';

/** The package's own version: its manifest is one directory up from here, built or not. */
export function versionText(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
