// What an end-to-end test asks before it uses another runtime than the Node.js that runs it.
//
//   describe.skipIf(runtime.path === undefined)(`In ${runtime.name} ${runtime.label}`, () => { … });

import type { RuntimeName } from '../scripts/other-runtimes.mjs';
import { otherRuntimes, runtimesCommand } from '../scripts/other-runtimes.mjs';

export interface TestRuntime {
  readonly name: RuntimeName;
  /** Where to call it; undefined when the machine has none, and then the test is skipped. */
  readonly path: string | undefined;
  /** Ends the name of the suite: empty when the program is here, else the reason for the skip. */
  readonly label: string;
  /** What goes before a TypeScript file that imports the packages, so that their sources are run as they are. */
  readonly arguments: readonly string[];
}

/** Packages of this workspace are their sources, as in Vitest. */
const SOURCES = '--conditions=martlet-source';

const argumentsOf: Readonly<Record<RuntimeName, readonly string[]>> = {
  Bun: [SOURCES],
  // Everything but running programs and changing the system: what a client may need.
  Deno: [
    'run',
    SOURCES,
    '--no-prompt',
    '--allow-net',
    '--allow-read',
    '--allow-write',
    '--allow-env',
    '--allow-sys',
  ],
  'the newest Node.js': [SOURCES],
};

/** Every runtime that tests know, here or not. */
export function testRuntimes(): readonly TestRuntime[] {
  return otherRuntimes().map(({ name, path, available }) => {
    const reason = available ? `needs ${runtimesCommand}` : 'there is none for this platform';
    return {
      name,
      path,
      label: path === undefined ? `(skipped: ${reason})` : '',
      arguments: argumentsOf[name],
    };
  });
}
