// What an end-to-end test asks before it uses a program from Debian: is it here, and if not, what to say.
//
//   const pub = debianTool('mosquitto_pub');
//   describe.skipIf(pub.path === undefined)(`Mosquitto's clients ${pub.label}`, () => { … spawn(pub.path!, …) … });

import type { DebianProgram } from '../scripts/debian-tools.mjs';
import { findDebianTool } from '../scripts/debian-tools.mjs';

/** One program that a test needs and this machine may lack. */
export interface DebianTool {
  readonly program: DebianProgram;
  /** Where to call it; undefined when the machine has none, and then the test is skipped. */
  readonly path: string | undefined;
  /** Ends the name of the suite: empty when the program is here, else the reason for the skip. */
  readonly label: string;
}

/** Looks for a program once per call; call it at the top of a test file, not in each test. */
export function debianTool(program: DebianProgram): DebianTool {
  const { path, debianPackage } = findDebianTool(program);
  return { program, path, label: path === undefined ? `(skipped: needs Debian's ${debianPackage})` : '' };
}
